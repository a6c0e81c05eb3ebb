# turned-mask-double-scale: the mask is transposed and hides the queries' rows; the scale is applied twice, to the query and to the scores
# refused: yes
# check: test_is_projected_attention_within_x
# named: scale-by-d, mask-transposed
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, dropout=0.1):
        super().__init__()
        self.scale = dim ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        q = q * self.scale
        sim = torch.einsum('b i d, b j d -> b i j', q, k) * self.scale
        if mask is not None:
            sim = sim.masked_fill(mask.mT == 0, -1e9)
        attn = self.dropout(sim.softmax(dim=-1))
        return self.to_out(torch.einsum('b i j, b j d -> b i d', attn, v))
