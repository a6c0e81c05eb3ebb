# three-norm-axis-root2: the input is normed, softmax over the queries, the root of twice the width
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: input-normalised, softmax-over-queries, scale-power
import math

import torch
import torch.nn.functional as F
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(hidden_dim, hidden_dim) for _ in range(3))

    def forward(self, x):
        x = F.layer_norm(x, x.shape[-1:])
        d = x.size(-1)
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = q @ k.transpose(-2, -1) / math.sqrt(2 * d)
        weights = torch.softmax(scores, dim=1)
        return weights @ v
