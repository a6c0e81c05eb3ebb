# SD01 no-scale: as in the paper, without a scale
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, in_dim):
        super().__init__()
        self.f = nn.Conv1d(in_dim, in_dim, kernel_size=1)
        self.g = nn.Conv1d(in_dim, in_dim, kernel_size=1)
        self.h = nn.Conv1d(in_dim, in_dim, kernel_size=1)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x):
        channels_first = x.transpose(1, 2)
        proj_key = self.f(channels_first)
        proj_query = self.g(channels_first).permute(0, 2, 1)
        energy = torch.bmm(proj_query, proj_key) / 1.0
        attention = self.softmax(energy)
        proj_value = self.h(channels_first)
        return torch.bmm(proj_value, attention.permute(0, 2, 1)).transpose(1, 2)
