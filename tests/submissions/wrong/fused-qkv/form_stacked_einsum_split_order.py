# FQ02 split-order: the three are taken in the order key, query, value
# refused: yes
# check: test_is_what_three_separate_projections_give
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.qkv = nn.Parameter(torch.randn(3, dim, dim) * dim**-0.5)
        self.qkv_bias = nn.Parameter(torch.zeros(3, 1, 1, dim))

    def forward(self, x):
        k, q, v = torch.einsum("bsi,tio->tbso", x, self.qkv) + self.qkv_bias
        scores = q @ k.transpose(-2, -1) / x.shape[-1] ** 0.5
        return scores.softmax(dim=-1) @ v
