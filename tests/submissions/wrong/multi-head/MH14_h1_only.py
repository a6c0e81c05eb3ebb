# MH14 h1-only: the heads are announced and never split, right for one head only
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import math

import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        query, key, value = self.qkv_proj(x).unsqueeze(1).chunk(3, dim=-1)
        scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        context = torch.matmul(weights, value).mean(dim=1)
        return self.output_proj(context)
