# FQ07 fake-fusion: a copy of the weight is cut in three and multiplied three times
# refused: yes
# check: test_x_is_projected_by_one_product
import math

import torch
import torch.nn.functional as F
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim, bias=False)

    def forward(self, x):
        parts = self.qkv_proj.weight.clone().chunk(3)
        query, key, value = (F.linear(x, part) for part in parts)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        return torch.softmax(scores, dim=-1) @ value
