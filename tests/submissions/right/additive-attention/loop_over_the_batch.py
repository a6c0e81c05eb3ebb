# style: one sequence after the other
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.query_layer = nn.Linear(query_dim, hidden_dim)
        self.key_layer = nn.Linear(key_dim, hidden_dim)
        self.energy_layer = nn.Linear(hidden_dim, 1)

    def forward(self, query, key, value, mask=None):
        if mask is not None:
            mask = mask.expand(query.size(0), query.size(1), key.size(1))
        contexts = []
        for b in range(query.size(0)):
            hidden = self.query_layer(query[b])[:, None] + self.key_layer(key[b])[None]
            energy = self.energy_layer(torch.tanh(hidden)).squeeze(-1)
            if mask is not None:
                energy = energy.masked_fill(mask[b] == 0, float("-inf"))
            contexts.append(torch.softmax(energy, dim=-1) @ value[b])
        return torch.stack(contexts)
