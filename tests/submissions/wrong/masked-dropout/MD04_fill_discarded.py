# MD04 fill-discarded: masked_fill returns a new tensor, which nobody keeps
# refused: yes
# check: test_attends_where_the_mask_is_true
import math

import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super(MaskedSelfAttention, self).__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, hidden_dim * 3)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        Q, K, V = self.qkv_proj(x).chunk(3, dim=-1)
        scores = Q @ K.transpose(-1, -2) / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            scores.masked_fill(attention_mask == 0, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        weights = self.dropout(weights)
        return self.out_proj(weights @ V)
