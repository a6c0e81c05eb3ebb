# weights-without-graph: the weights are taken out of the graph
# refused: yes
# check: test_gradients_reach_x_and_all_rows
# named: gradient-cut
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.in_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = torch.split(self.in_proj(x), x.shape[-1], dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = torch.softmax(scores.detach(), dim=-1)
        return weights @ v
