# MH10 heads-identical: every head reads the first slice of the features
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import math

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def to_heads(self, features):
        per_head = features[..., : self.head_dim].unsqueeze(1)
        return per_head.expand(-1, self.num_heads, -1, -1)

    def forward(self, x, attention_mask=None):
        query, key, value = map(self.to_heads, self.qkv_proj(x).chunk(3, dim=-1))
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        context = (weights @ value).transpose(1, 2).flatten(2)
        return self.output_proj(context)
