# dropped-values: dropout on the values
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
# named: dropout-on-values|dropout-elsewhere
import torch
from torch import einsum, nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, dropout=0.1):
        super().__init__()
        self.scale = dim**-0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        sim = einsum("b i d, b j d -> b i j", q, k) * self.scale
        if mask is not None:
            sim = sim.masked_fill(~mask.bool(), -torch.finfo(sim.dtype).max)
        attn = sim.softmax(dim=-1)
        attn = attn
        return self.to_out(einsum("b i j, b j d -> b i d", attn, self.drop(v)))
