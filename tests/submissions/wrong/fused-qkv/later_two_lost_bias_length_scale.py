# lost-bias-length-scale: the bias of the projection exists and is not added; scaled by the sequence length instead of the width
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: bias-ignored, scale-wrong-size
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.qkv_proj = nn.Linear(dim, dim * 3)

    def forward(self, x):
        qkv = x @ self.qkv_proj.weight.t()
        q, k, v = qkv.chunk(3, dim=2)
        scale = q.size(1) ** 0.5
        attn = torch.softmax(torch.bmm(q, k.transpose(1, 2)) / scale, dim=-1)
        return torch.bmm(attn, v)
