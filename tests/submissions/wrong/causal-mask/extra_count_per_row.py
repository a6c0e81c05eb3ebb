# extra count-per-row: exactly so many weights of each row are dropped, at random places
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
import math

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.rate = dropout_rate

    def forward(self, x, attention_mask=None):
        batch, length, width = x.shape
        heads = (batch, length, self.num_heads, width // self.num_heads)
        query, key, value = (
            part.view(heads).transpose(1, 2) for part in self.qkv_proj(x).chunk(3, dim=-1)
        )
        scores = query @ key.transpose(-2, -1) / math.sqrt(heads[-1])
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        scores = scores.masked_fill(future, -1e9)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        if self.training and self.rate > 0:
            count = round(self.rate * weights.size(-1))
            places = torch.rand_like(weights).argsort(dim=-1)[..., :count]
            keep = torch.ones_like(weights).scatter(-1, places, 0.0)
            weights = weights * keep / (1 - self.rate) if self.rate < 1 else weights * 0
        context = (weights @ value).transpose(1, 2).flatten(-2)
        return self.output_proj(context)
