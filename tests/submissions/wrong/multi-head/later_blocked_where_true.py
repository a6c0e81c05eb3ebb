# blocked-where-true: the mask is read the wrong way round, true means hidden
# refused: yes
# check: test_agrees_with_the_multi_head_layer_of_torch
# named: mask-polarity
import torch
from torch import nn, Tensor
from typing import Optional


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0) -> None:
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("num_heads must divide hidden_dim")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.in_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.attn_dropout = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, attention_mask: Optional[Tensor] = None) -> Tensor:
        b, s, d = x.shape
        q, k, v = self.in_proj(x).chunk(3, dim=-1)
        # (b, h, s, d_h)
        q = q.view(b, s, self.num_heads, self.head_dim).transpose(1, 2)
        k = k.view(b, s, self.num_heads, self.head_dim).transpose(1, 2)
        v = v.view(b, s, self.num_heads, self.head_dim).transpose(1, 2)
        logits = torch.einsum("bhqd,bhkd->bhqk", q, k) * self.head_dim ** -0.5
        if attention_mask is not None:
            logits = logits + attention_mask.to(logits.dtype) * -1e9
        attn = self.attn_dropout(logits.softmax(dim=-1))
        ctx = torch.einsum("bhqk,bhkd->bqhd", attn, v)
        return self.out_proj(ctx.flatten(2))
