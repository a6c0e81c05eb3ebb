# style: built from a configuration; flattened pairs through one Linear
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.proj = nn.Linear(config.query_dim + config.key_dim, config.hidden_dim, bias=False)
        self.score = nn.Linear(config.hidden_dim, 1, bias=False)

    def forward(self, query, key, value, mask=None):
        B, L, S = query.size(0), query.size(1), key.size(1)
        q = query.repeat_interleave(S, dim=1)
        k = key.repeat(1, L, 1)
        scores = self.score(torch.tanh(self.proj(torch.cat([q, k], -1)))).view(B, L, S)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        return torch.softmax(scores, -1) @ value
