# eighth-of-width-scale: scaled by the square root of D / 8 as if there were eight heads
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: scale-wrong-size
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, dim, heads=8):
        super().__init__()
        head_dim = dim / 8
        self.scale = head_dim ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)

    def forward(self, x):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        dots = torch.matmul(q, k.transpose(-1, -2)) * self.scale
        attn = dots.softmax(dim=-1)
        return torch.matmul(attn, v)
