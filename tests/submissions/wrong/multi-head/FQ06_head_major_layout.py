# FQ06 head-major-layout: reads the fused rows head by head, (H, 3, d), where they lie (3, H, d)
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import math

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_attention_heads, attention_dropout=0.0):
        super().__init__()
        assert hidden_size % num_attention_heads == 0
        self.num_heads = num_attention_heads
        self.head_size = hidden_size // num_attention_heads
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.attention_dropout = nn.Dropout(attention_dropout)

    def forward(self, hidden_states, attention_mask=None):
        # [batch, seq_len, (num_heads * 3 * head_size)]
        qkv = self.query_key_value(hidden_states)
        # --> [batch, num_heads, seq_len, 3 * head_size]
        qkv = qkv.unflatten(-1, (self.num_heads, 3 * self.head_size)).transpose(1, 2)
        query, key, value = qkv.chunk(3, dim=-1)
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.head_size)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, torch.finfo(scores.dtype).min)
        weights = self.attention_dropout(scores.softmax(dim=-1))
        context = torch.matmul(weights, value)
        return self.dense(context.transpose(1, 2).flatten(2))
