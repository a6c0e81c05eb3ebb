# MH05 no-divisibility: 10 features among 3 heads fail late, with a message about a view
# refused: stretch
import math

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def split(self, t: Tensor) -> Tensor:
        return t.view(t.size(0), t.size(1), self.num_heads, self.head_dim).transpose(1, 2)

    def forward(self, x: Tensor, attention_mask: "Tensor | None" = None) -> Tensor:
        query, key, value = (self.split(t) for t in self.qkv_proj(x).chunk(3, dim=-1))
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_dim)
        hidden = None if attention_mask is None else attention_mask == 0
        if hidden is not None:
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if hidden is not None:
            weights = weights.masked_fill(hidden, 0.0)
        context = self.dropout(weights) @ value
        return self.output_proj(context.transpose(1, 2).flatten(2))
