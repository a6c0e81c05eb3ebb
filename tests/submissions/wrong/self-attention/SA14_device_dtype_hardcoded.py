# SA14 device-dtype-hardcoded: the scale is a float32 tensor that stays on the CPU
# refused: stretch
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hid_dim):
        super().__init__()
        self.linear_q = nn.Linear(hid_dim, hid_dim)
        self.linear_k = nn.Linear(hid_dim, hid_dim)
        self.linear_v = nn.Linear(hid_dim, hid_dim)
        self.scale = torch.sqrt(torch.FloatTensor([hid_dim]))

    def forward(self, x):
        Q = self.linear_q(x)
        K = self.linear_k(x)
        V = self.linear_v(x)
        energy = torch.matmul(Q, K.permute(0, 2, 1)) / self.scale
        attention = torch.softmax(energy, dim=-1)
        return torch.matmul(attention, V)
