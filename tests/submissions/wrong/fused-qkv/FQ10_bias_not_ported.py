# FQ10 bias-not-ported: the fused layer has a bias, only its weight made it into the product
# refused: yes
# check: test_is_what_three_separate_projections_give
import math

import torch
from torch import Tensor, nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x: Tensor) -> Tensor:
        qkv = torch.matmul(x, self.qkv_proj.weight.t())
        query, key, value = qkv.split(self.hidden_dim, dim=-1)
        scores = query @ key.transpose(-1, -2) / math.sqrt(self.hidden_dim)
        return scores.softmax(dim=-1) @ value
