# root-of-eight-heads: the root of an eighth of the width, for heads that are not there
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: scale-of-a-fraction|scale-wrong-size|scale-other
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.W_qkv = nn.Linear(hidden_dim, hidden_dim * 3, bias=False)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = self.W_qkv(x).view(*x.shape[:-1], 3, x.size(-1)).unbind(-2)
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(d // 8 if d % 8 == 0 else d / 8)
        weights = torch.softmax(scores, dim=-1)
        return weights @ v
