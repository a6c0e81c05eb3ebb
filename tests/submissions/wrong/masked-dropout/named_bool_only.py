# bool-only: tilde on whatever mask is given
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
# named: mask-must-be-bool
import math

import torch
from torch import nn
from torch.nn import functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, n_embd, dropout=0.1):
        super().__init__()
        self.p = dropout
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)

    def forward(self, x, mask=None):
        q, k, v = self.c_attn(x).split(x.size(2), dim=2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        if mask is not None:
            att = att.masked_fill(~mask, float("-inf"))
        att = F.softmax(att, dim=-1)
        att = F.dropout(att, self.p, self.training)
        return self.c_proj(att @ v)
