# two-window-and-nothing: a band of two on each side, and no scale
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: window-uninvited, no-scale
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(hidden_dim, hidden_dim) for _ in range(3))

    def forward(self, x):
        d = x.size(-1)
        q, k, v = self.q(x), self.k(x), self.v(x)
        place = torch.arange(x.size(1))
        far = (place[:, None] - place[None, :]).abs() > 2
        scores = q @ k.transpose(-2, -1)
        weights = scores.masked_fill(far, float("-inf")).softmax(-1)
        return weights @ v
