# weights-applied-twice-d: the weights are applied to the values twice; divided by D without the square root
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: weights-applied-twice, scale-by-d
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, D):
        super().__init__()
        self.D = D
        self.proj = nn.Linear(D, 3 * D)

    def forward(self, x):
        q, k, v = self.proj(x).tensor_split(3, dim=-1)
        attn = q.bmm(k.transpose(1, 2)).div(self.D).softmax(dim=-1)
        v = attn.bmm(v)
        return attn.bmm(v)
