# batch-axis: the softmax runs over the examples
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: softmax-over-the-front|softmax-over-the-batch
import math

import torch
import torch.nn.functional as F
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.W_qkv = nn.Linear(hidden_dim, hidden_dim * 3, bias=False)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = self.W_qkv(x).view(*x.shape[:-1], 3, x.size(-1)).unbind(-2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = F.softmax(scores, dim=0)
        return weights @ v
