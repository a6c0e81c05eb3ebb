# kata: self-attention
# verdict: memory_limit | invalid_submission
# why: a table for 200,000 positions, 160 GB, is built with the layer
# says: memory
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.register_buffer("table", torch.empty(200_000, 200_000))

    def forward(self, x):
        query, key, value = self.query_proj(x), self.key_proj(x), self.value_proj(x)
        weights = (query @ key.transpose(-2, -1) / x.size(-1) ** 0.5).softmax(dim=-1)
        return weights @ value
