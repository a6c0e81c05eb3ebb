# style: CS336: a Linear of one's own by einsum over (out, in), device and dtype passed through, any leading axes
import math

import torch
from torch import nn, Tensor


class Linear(nn.Module):
    def __init__(self, in_features, out_features, device=None, dtype=None):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features, device=device, dtype=dtype))
        std = math.sqrt(2 / (in_features + out_features))
        nn.init.trunc_normal_(self.weight, mean=0.0, std=std, a=-3 * std, b=3 * std)

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("...i,oi->...o", x, self.weight)


class MultiHeadSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0, device=None, dtype=None):
        super().__init__()
        assert d_model % num_heads == 0
        self.num_heads, self.d_head = num_heads, d_model // num_heads
        kw = {"device": device, "dtype": dtype}
        self.q_proj = Linear(d_model, d_model, **kw)
        self.k_proj = Linear(d_model, d_model, **kw)
        self.v_proj = Linear(d_model, d_model, **kw)
        self.output_proj = Linear(d_model, d_model, **kw)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        *b, s, _ = x.shape
        q, k, v = (p(x).view(*b, s, self.num_heads, self.d_head).transpose(-3, -2) for p in (self.q_proj, self.k_proj, self.v_proj))
        scores = torch.einsum("...qd,...kd->...qk", q, k) / self.d_head ** 0.5
        if mask is not None:
            scores = scores.masked_fill(~mask.bool(), float("-inf"))
        out = torch.einsum("...qk,...kd->...qd", self.dropout(torch.softmax(scores, -1)), v)
        return self.output_proj(out.transpose(-3, -2).reshape(*b, s, -1))
