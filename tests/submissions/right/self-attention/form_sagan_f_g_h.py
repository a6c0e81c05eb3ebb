# style: SAGAN: f, g, h as Conv1d of kernel 1 over (B, C, N), f the keys and g the queries
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
        energy = torch.bmm(proj_query, proj_key) / x.size(-1) ** 0.5
        attention = self.softmax(energy)
        proj_value = self.h(channels_first)
        return torch.bmm(proj_value, attention.permute(0, 2, 1)).transpose(1, 2)
