# style: one fused projection of query, key and value rows, grouped einsum, nothing repeated
import torch
from torch import nn


class GroupedQueryAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_groups):
        super().__init__()
        if d_model % num_heads or num_heads % num_groups:
            raise ValueError("numbers do not divide")
        self.h, self.g, self.d = num_heads, num_groups, d_model // num_heads
        self.qkv = nn.Linear(d_model, (num_heads + 2 * num_groups) * self.d)
        self.proj = nn.Linear(d_model, d_model)

    def forward(self, x, attention_mask=None):
        kv = self.g * self.d
        q, k, v = self.qkv(x).split([self.h * self.d, kv, kv], dim=-1)
        q = q.unflatten(-1, (self.g, self.h // self.g, self.d))
        k, v = (t.unflatten(-1, (self.g, self.d)) for t in (k, v))
        scores = torch.einsum("blgrd,bsgd->bgrls", q, k) * self.d**-0.5
        scores = scores.flatten(1, 2)
        if attention_mask is not None:
            scores = torch.where(attention_mask != 0, scores, torch.finfo(scores.dtype).min)
        weights = scores.softmax(-1).unflatten(1, (self.g, -1))
        return self.proj(torch.einsum("bgrls,bsgd->blgrd", weights, v).flatten(2))
