# key-values-no-rescale: the weights sum the keys instead of the values; the kept weights are not rescaled by 1 / (1 - p) in training
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: one-projection-twice, dropout-not-rescaled
import math
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError(f"{num_heads} heads do not divide {hidden_dim}")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.dropout_rate = dropout_rate
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)

    def split(self, t):
        b, s, _ = t.shape
        return t.view(b, s, self.num_heads, self.head_dim).transpose(1, 2)

    def forward(self, x, attention_mask=None):
        q = self.split(self.query_proj(x))
        k = self.split(self.key_proj(x))
        v = self.split(self.value_proj(x))
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, float("-inf"))
        w = torch.softmax(scores, dim=-1)
        if self.training and self.dropout_rate > 0:
            drop = torch.rand_like(w) < self.dropout_rate
            w = w.masked_fill(drop, 0.0)
        ctx = (w @ k).transpose(1, 2).flatten(2)
        return self.output_proj(ctx)
