# two-window-and-nothing: a band of two on each side, and no scale
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: window-uninvited, no-scale
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        place = torch.arange(x.size(1))
        far = (place[:, None] - place[None, :]).abs() > 2
        scores = q @ k.transpose(-2, -1)
        weights = scores.masked_fill(far, float("-inf")).softmax(-1)
        return weights @ v
