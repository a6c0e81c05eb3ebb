# extra buffer-shared: one buffer for all caches of a sequence, written in place
# refused: yes
# check: test_every_cache_stays_good
# named: buffer-shared
import math

import torch
from torch import nn


class CachedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads):
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("num_heads must divide hidden_dim")
        self.h, self.d = num_heads, hidden_dim // num_heads
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, cache=None):
        B, T, D = x.shape
        q = self.q_proj(x).view(B, T, self.h, self.d).transpose(1, 2)
        k = self.k_proj(x).view(B, T, self.h, self.d).transpose(1, 2)
        v = self.v_proj(x).view(B, T, self.h, self.d).transpose(1, 2)
        if cache is None:
            cache = (k.new_zeros(B, self.h, 4096, self.d), v.new_zeros(B, self.h, 4096, self.d), 0)
        keys, values, at = cache
        keys[:, :, at : at + T] = k
        values[:, :, at : at + T] = v
        k, v = keys[:, :, : at + T], values[:, :, : at + T]
        new_cache = (keys, values, at + T)
        S = k.size(2)
        att = q @ k.transpose(-2, -1) / math.sqrt(self.d)
        mask = torch.ones(T, S, dtype=torch.bool, device=x.device).tril(diagonal=S - T)
        att = att.masked_fill(~mask, float("-inf"))
        y = att.softmax(-1) @ v
        return self.o_proj(y.transpose(1, 2).reshape(B, T, D)), new_cache
