# MH12 concat-interleaved: merged feature by feature across the heads, (d, H) for (H, d)
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import math

import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("hidden_dim is not a multiple of num_heads")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def split_heads(self, t):
        return t.unflatten(-1, (self.num_heads, self.head_dim)).permute(0, 2, 1, 3)

    def forward(self, x, attention_mask=None):
        query = self.split_heads(self.query_proj(x))
        key = self.split_heads(self.key_proj(x))
        value = self.split_heads(self.value_proj(x))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            scores = torch.where(attention_mask == 0, -1e9, scores)
        weights = self.dropout(scores.softmax(dim=-1))
        context = torch.matmul(weights, value)
        context = context.permute(0, 2, 3, 1).flatten(2)
        return self.output_proj(context)
