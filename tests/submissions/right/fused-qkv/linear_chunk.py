# style: nn.Linear qkv_proj, chunk, typed
import math

import torch
from torch import Tensor, nn


class FusedSelfAttention(nn.Module):
    """One projection D -> 3D, then scaled dot-product attention."""

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.hidden_dim = hidden_dim

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = torch.chunk(self.qkv_proj(x), 3, dim=-1)
        scores = torch.matmul(query, torch.transpose(key, -2, -1))
        weights = torch.softmax(scores / math.sqrt(self.hidden_dim), dim=-1)
        return torch.matmul(weights, value)
