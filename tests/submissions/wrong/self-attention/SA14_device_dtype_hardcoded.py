# SA14 device-dtype-hardcoded: the scale is a float32 tensor that stays on the CPU
# refused: stretch
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hid_dim):
        super().__init__()
        self.fc_q = nn.Linear(hid_dim, hid_dim)
        self.fc_k = nn.Linear(hid_dim, hid_dim)
        self.fc_v = nn.Linear(hid_dim, hid_dim)
        self.scale = torch.sqrt(torch.FloatTensor([hid_dim]))

    def forward(self, x):
        Q = self.fc_q(x)
        K = self.fc_k(x)
        V = self.fc_v(x)
        energy = torch.matmul(Q, K.permute(0, 2, 1)) / self.scale
        attention = torch.softmax(energy, dim=-1)
        return torch.matmul(attention, V)
