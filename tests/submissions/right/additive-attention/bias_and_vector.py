# style: projections without biases, a bare bias of the sum, v a bare vector
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(query_dim, hidden_dim, bias=False)
        self.key_proj = nn.Linear(key_dim, hidden_dim, bias=False)
        self.bias = nn.Parameter(torch.rand(hidden_dim).uniform_(-0.1, 0.1))
        self.v = nn.Parameter(torch.rand(hidden_dim))

    def forward(self, query, key, value, mask=None):
        pairs = self.query_proj(query).unsqueeze(2) + self.key_proj(key).unsqueeze(1) + self.bias
        score = torch.tanh(pairs) @ self.v
        if mask is not None:
            score = score.masked_fill(mask == 0, -1e9)
        attn = torch.softmax(score, dim=-1)
        return attn @ value, attn
