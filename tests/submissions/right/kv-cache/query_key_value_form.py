# style: forward(query, key, value, cache) given x three times, keys kept before the split
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class CachedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim % num_heads != 0")
        self.num_heads = num_heads
        self.linears = nn.ModuleList([nn.Linear(hidden_dim, hidden_dim) for _ in range(4)])

    def heads(self, t):
        return t.reshape(t.size(0), t.size(1), self.num_heads, -1).transpose(1, 2)

    def forward(self, query, key, value, cache=None):
        query, key, value = (lin(t) for lin, t in zip(self.linears, (query, key, value)))
        if cache is not None:
            key, value = torch.cat([cache[0], key], 1), torch.cat([cache[1], value], 1)
        cache = (key, value)
        q, k, v = map(self.heads, (query, key, value))
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
        T, S = scores.shape[-2:]
        future = torch.ones(T, S, device=scores.device).triu(S - T + 1) > 0
        p = F.softmax(scores.masked_fill(future, float("-inf")), -1)
        context = (p @ v).transpose(1, 2).flatten(2)
        return self.linears[-1](context), cache
