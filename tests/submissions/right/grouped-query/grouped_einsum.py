# style: nothing repeated: an axis for the group, einsum, the mask's heads cut as the scores are
import torch
from torch import einsum, nn


class GroupedQueryAttention(nn.Module):
    def __init__(self, embed_dim, query_heads, kv_heads):
        super().__init__()
        if embed_dim % query_heads or query_heads % kv_heads:
            raise ValueError(f"{embed_dim}, {query_heads} and {kv_heads} do not divide")
        self.kv_heads, self.groups = kv_heads, query_heads // kv_heads
        self.scale = (embed_dim // query_heads) ** -0.5
        self.to_q = nn.Linear(embed_dim, embed_dim)
        self.to_kv = nn.Linear(embed_dim, 2 * embed_dim // self.groups)
        self.to_out = nn.Linear(embed_dim, embed_dim)

    def forward(self, x, mask=None):
        b, n, _ = x.shape
        q = self.to_q(x).reshape(b, n, self.kv_heads, self.groups, -1)
        k, v = self.to_kv(x).reshape(b, n, 2, self.kv_heads, -1).unbind(2)
        sim = einsum("b i k g d, b j k d -> b k g i j", q, k) * self.scale
        if mask is not None:
            seen = mask.expand(b, self.kv_heads * self.groups, n, n) != 0
            seen = seen.reshape(sim.shape)
            sim = sim.masked_fill(~seen, -torch.finfo(sim.dtype).max)
        attn = sim.softmax(dim=-1)
        if mask is not None:
            attn = attn * seen
        out = einsum("b k g i j, b j k d -> b i k g d", attn, v)
        return self.to_out(out.flatten(2))
