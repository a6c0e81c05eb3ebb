# style: W_k is of the queries and W_q of the keys; shapes tell
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.W_k = nn.Linear(query_dim, hidden_dim)
        self.W_q = nn.Linear(key_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, 1)

    def forward(self, query, key, value, mask=None):
        scores = self.out(torch.tanh(self.W_k(query)[:, :, None] + self.W_q(key)[:, None]))[..., 0]
        if mask is not None:
            scores = scores.masked_fill(mask == 0, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        return weights.nan_to_num() @ value
