# style: typed, W_q / W_k / W_v, torch.einsum
import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Single-head self-attention over (batch, sequence, features)."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.embed_dim: int = embed_dim
        self.W_q = nn.Linear(embed_dim, embed_dim)
        self.W_k = nn.Linear(embed_dim, embed_dim)
        self.W_v = nn.Linear(embed_dim, embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.W_q(x), self.W_k(x), self.W_v(x)
        energy = torch.einsum("bqd,bkd->bqk", q, k)
        attention = torch.softmax(energy / (self.embed_dim ** (1 / 2)), dim=2)
        return torch.einsum("bqk,bkd->bqd", attention, v)
