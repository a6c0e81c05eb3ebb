# integer-mask-flipped: an integer mask is read the wrong way round, only other masks rightly
# refused: yes
# check: test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype
# named: mask-inverted-for-some
import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim: int, dropout_rate: float = 0.1):
        super().__init__()
        self.dim = dim
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.attn_drop = nn.Dropout(dropout_rate)

    @staticmethod
    def _hidden(mask):
        if mask.dtype == torch.bool:
            return ~mask
        if mask.is_floating_point():
            return mask == 0
        return mask.bool()

    def forward(self, x, attention_mask=None):
        q, k, v = self.qkv(x).split(self.dim, dim=-1)
        attn = q @ k.transpose(-2, -1) * self.dim ** -0.5
        if attention_mask is not None:
            attn = attn.masked_fill(self._hidden(attention_mask), torch.finfo(attn.dtype).min)
        attn = self.attn_drop(attn.softmax(dim=-1))
        return self.proj(attn @ v)
