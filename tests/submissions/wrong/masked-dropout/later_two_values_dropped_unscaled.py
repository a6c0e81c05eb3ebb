# values-dropped-unscaled: dropout on the values instead of on the weights; the scores are not scaled
# refused: yes
# check: test_is_projected_attention_within_x
# named: no-scale, dropout-on-values
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, hidden_dim * 3)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        q, k, v = self.qkv(x).split(self.hidden_dim, dim=2)
        scores = torch.bmm(q, k.transpose(1, 2))
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, float('-inf'))
        attn = F.softmax(scores, dim=-1)
        return self.out(torch.bmm(attn, self.dropout(v)))
