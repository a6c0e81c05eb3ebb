# style: one Linear over the two put together, copies by repeat
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.attn = nn.Linear(query_dim + key_dim, hidden_dim)
        self.v = nn.Linear(hidden_dim, 1, bias=False)

    def forward(self, query, key, value, mask=None):
        L, S = query.size(1), key.size(1)
        q = query.unsqueeze(2).repeat(1, 1, S, 1)
        k = key.unsqueeze(1).repeat(1, L, 1, 1)
        energy = torch.tanh(self.attn(torch.cat((q, k), dim=-1)))
        attention = self.v(energy).squeeze(-1)
        if mask is not None:
            attention = attention.masked_fill(mask == 0, float("-inf"))
        return torch.softmax(attention, dim=-1) @ value
