# FQ02 split-order: takes the rows for key, query, value
# refused: yes
# check: test_is_what_three_separate_projections_give
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.to_qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.scale = dim**-0.5

    def forward(self, x):
        k, q, v = self.to_qkv(x).chunk(3, dim=-1)
        dots = torch.einsum("bid,bjd->bij", q, k) * self.scale
        return dots.softmax(dim=-1) @ v
