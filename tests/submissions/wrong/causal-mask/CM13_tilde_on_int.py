# CM13 tilde-on-int: ~1 is -2 and ~0 is -1, so with an integer mask everything counts as hidden
# refused: yes
# check: test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype
import math

import torch
from torch import nn


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
        B, S, D = x.shape
        q, k, v = self.qkv_proj(x).chunk(3, dim=-1)
        q, k, v = (t.view(B, S, self.num_heads, -1).transpose(1, 2) for t in (q, k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        causal = torch.tril(torch.ones(S, S, device=x.device)).bool()
        scores = scores.masked_fill(~causal, -1e9)
        if attention_mask is not None:
            if attention_mask.is_floating_point():
                attention_mask = attention_mask.bool()
            padding = ~attention_mask
            scores = scores.masked_fill(padding.bool(), -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        context = (weights @ v).transpose(1, 2).reshape(B, S, D)
        return self.output_proj(context)
