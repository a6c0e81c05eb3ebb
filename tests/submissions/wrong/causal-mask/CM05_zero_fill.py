# CM05 zero-fill: tril of the scores makes future logits 0, which is no small logit
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
import math

import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        qkv = self.qkv_proj(x).unflatten(-1, (3, self.num_heads, self.head_dim))
        query, key, value = qkv.movedim(2, 0).transpose(2, 3)
        scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(self.head_dim)
        scores = torch.tril(scores)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = self.dropout(scores.softmax(dim=-1))
        return self.output_proj(torch.matmul(weights, value).transpose(1, 2).flatten(2))
