# fused-width-scale: scaled by the square root of the fused width 3D instead of D
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: scale-wrong-size
import math
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)

    def forward(self, x):
        qkv = self.c_attn(x)
        d = qkv.size(-1)
        q, k, v = qkv.split(d // 3, dim=2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(d))
        att = nn.functional.softmax(att, dim=-1)
        return att @ v
