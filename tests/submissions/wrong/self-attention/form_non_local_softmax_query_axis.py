# SD05 softmax-query-axis: the softmax runs over the queries
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
from torch import nn


class NonLocalBlock(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.g = nn.Linear(in_channels, in_channels)
        self.theta = nn.Linear(in_channels, in_channels)
        self.phi = nn.Linear(in_channels, in_channels)

    def forward(self, x):
        f = self.theta(x) @ self.phi(x).transpose(1, 2) / x.size(-1) ** 0.5
        return torch.softmax(f, dim=-2) @ self.g(x)
