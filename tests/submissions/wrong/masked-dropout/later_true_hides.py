# true-hides: the mask is read the wrong way round, true means hidden
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
# named: mask-inverted
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
        dots = torch.einsum('b i d, b j d -> b i j', q, k) * self.scale
        if mask is not None:
            dots.masked_fill_(mask.bool(), -torch.finfo(dots.dtype).max)
        attn = self.dropout(dots.softmax(dim=-1))
        return self.to_out(torch.einsum('b i j, b j d -> b i d', attn, v))
