# MD17 dropout-on-output-or-V: drops features of the context, not weights
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
import math

import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    """x -> qkv -> softmax(qk/sqrt(d)) v -> dropout -> out"""

    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1):
        super().__init__()
        self.scale = 1.0 / math.sqrt(hidden_dim)
        self.qkv = nn.Linear(hidden_dim, hidden_dim * 3)
        self.drop = nn.Dropout(dropout_rate)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        attn = torch.bmm(q, k.transpose(1, 2)) * self.scale
        if attention_mask is not None:
            attn = attn.masked_fill(attention_mask == 0, float("-inf"))
        context = torch.bmm(attn.softmax(dim=-1), v)
        return self.out_proj(self.drop(context))
