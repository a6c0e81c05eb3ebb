# CM10 left-pad-nan: padding on the left leaves the first rows nothing to see, -inf makes them NaN
# refused: stretch
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("hidden_dim must be divisible by num_heads")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.wq = nn.Linear(hidden_dim, hidden_dim)
        self.wk = nn.Linear(hidden_dim, hidden_dim)
        self.wv = nn.Linear(hidden_dim, hidden_dim)
        self.wo = nn.Linear(hidden_dim, hidden_dim)
        self.attn_dropout = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, attention_mask: "Tensor | None" = None) -> Tensor:
        B, S, D = x.shape
        xq = self.wq(x).view(B, S, self.num_heads, self.head_dim).transpose(1, 2)
        xk = self.wk(x).view(B, S, self.num_heads, self.head_dim).transpose(1, 2)
        xv = self.wv(x).view(B, S, self.num_heads, self.head_dim).transpose(1, 2)
        allowed = torch.ones(S, S, dtype=torch.bool, device=x.device).tril()
        if attention_mask is not None:
            allowed = allowed & attention_mask.bool()
        scores = torch.matmul(xq, xk.transpose(2, 3)) / math.sqrt(self.head_dim)
        scores = F.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1)
        output = torch.matmul(self.attn_dropout(scores), xv)
        return self.wo(output.transpose(1, 2).contiguous().view(B, S, D))
