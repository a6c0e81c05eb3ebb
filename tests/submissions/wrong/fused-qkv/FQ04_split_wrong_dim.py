# FQ04 split-wrong-dim: cuts the sequence in three, not the features
# refused: yes
# check: test_computes_attention_itself
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        qkv = self.qkv_proj(x)
        query, key, value = torch.chunk(qkv, 3, dim=1)
        scores = torch.matmul(query, key.transpose(-2, -1))
        scores = scores / self.hidden_dim**0.5
        return torch.matmul(torch.softmax(scores, dim=-1), value)
