# value-before-key: the fused rows are read value, key
# refused: yes
# check: test_neighbouring_heads_share_a_group_of_keys_and_values
# named: key-value-exchanged
import torch
from torch import nn


class GroupedQueryAttention(nn.Module):
    """Nothing is repeated: the group is an axis of the query."""

    def __init__(self, dim, heads, kv_heads):
        super().__init__()
        assert dim % heads == 0 and heads % kv_heads == 0
        self.kv, self.g, self.d = kv_heads, heads // kv_heads, dim // heads
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_kv = nn.Linear(dim, 2 * kv_heads * self.d, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        b, n, _ = x.shape
        q = self.to_q(x).view(b, n, self.kv, self.g, self.d).permute(0, 2, 3, 1, 4)
        v, k = self.to_kv(x).chunk(2, dim=-1)
        k = k.view(b, n, self.kv, 1, self.d).permute(0, 2, 3, 1, 4)
        v = v.view(b, n, self.kv, 1, self.d).permute(0, 2, 3, 1, 4)
        sim = q @ k.transpose(-2, -1) * self.d**-0.5
        if mask is not None:
            mask = mask.expand(b, self.kv * self.g, n, n).reshape(b, self.kv, self.g, n, n)
            sim = sim.masked_fill(mask == 0, torch.finfo(sim.dtype).min)
        out = sim.softmax(dim=-1) @ v
        return self.to_out(out.permute(0, 3, 1, 2, 4).reshape(b, n, -1))
