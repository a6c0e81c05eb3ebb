# zero-fill-training-true: hidden scores are set to zero instead of minus infinity; dropout is active in eval too
# refused: yes
# check: test_attends_where_the_mask_is_true
# named: fill-near-zero, dropout-in-eval
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, d_model, dropout_rate=0.1):
        super().__init__()
        self.d_model = d_model
        self.dropout_rate = dropout_rate
        self.w_qkv = nn.Linear(d_model, 3 * d_model)
        self.w_o = nn.Linear(d_model, d_model)

    def forward(self, x, mask=None):
        q, k, v = self.w_qkv(x).chunk(3, dim=-1)
        score = q @ k.transpose(1, 2) / math.sqrt(self.d_model)
        if mask is not None:
            score = score.masked_fill(mask == 0, 0.0)
        p = F.dropout(F.softmax(score, dim=-1), p=self.dropout_rate, training=True)
        return self.w_o(p @ v)
