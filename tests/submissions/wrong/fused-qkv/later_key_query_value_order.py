# key-query-value-order: the fused rows are unpacked in the order key, query, value
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: query-key-swapped
import math
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        k, q, v = self.proj(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        return torch.softmax(scores, dim=-1) @ v
