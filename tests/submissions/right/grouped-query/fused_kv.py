# style: query apart, key and value in one projection, groups folded into the rows
import torch
from torch import nn


class GroupedQueryAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, num_kv_heads):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError(f"{hidden_dim} % {num_heads}")
        if num_heads % num_kv_heads != 0:
            raise ValueError(f"{num_heads} % {num_kv_heads}")
        self.heads, self.kv_heads = num_heads, num_kv_heads
        self.head_dim = hidden_dim // num_heads
        self.to_q = nn.Linear(hidden_dim, hidden_dim)
        self.to_kv = nn.Linear(hidden_dim, 2 * num_kv_heads * self.head_dim)
        self.to_out = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, mask=None):
        b, s, d = x.shape
        q = self.to_q(x).reshape(b, s, self.heads, self.head_dim).transpose(1, 2)
        q = q.reshape(b, self.kv_heads, -1, self.head_dim) / self.head_dim**0.5
        k, v = self.to_kv(x).chunk(2, dim=-1)
        k = k.reshape(b, s, self.kv_heads, self.head_dim).transpose(1, 2)
        v = v.reshape(b, s, self.kv_heads, self.head_dim).transpose(1, 2)
        scores = (q @ k.mT).reshape(b, self.heads, s, s)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        weights = scores.softmax(dim=-1).reshape(b, self.kv_heads, -1, s)
        out = (weights @ v).reshape(b, self.heads, s, self.head_dim)
        return self.to_out(out.transpose(1, 2).reshape(b, s, d))
