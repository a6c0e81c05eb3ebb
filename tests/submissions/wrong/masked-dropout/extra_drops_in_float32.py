# extra drops-in-float32: the pattern of dropout is float32, so training in half precision fails
# refused: stretch
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.rate = dropout_rate

    def forward(self, x, attention_mask=None):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            hidden = attention_mask == 0
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if attention_mask is not None:
            weights = weights.masked_fill(attention_mask == 0, 0.0)
        if self.training and self.rate < 1:
            keep = (torch.rand(weights.shape, device=x.device) >= self.rate).float()
            weights = weights * keep / (1 - self.rate)
        elif self.training:
            weights = torch.zeros_like(weights)
        return self.output_proj(weights @ value)
