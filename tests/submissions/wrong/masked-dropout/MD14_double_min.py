# MD14 double-min: two biases of finfo.min add up to -inf, NaN where all keys are hidden twice
# refused: stretch
import math

import torch
from torch import nn


def min_bias(visible, dtype):
    bias = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
    return bias.masked_fill(~visible, torch.finfo(dtype).min)


class MaskedSelfAttention(nn.Module):
    def __init__(self, embed_dim, dropout_rate=0.1):
        super().__init__()
        self.embed_dim = embed_dim
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        q, k, v = self.in_proj(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.embed_dim)
        if attention_mask is not None:
            visible = attention_mask.bool()
            # keys that no query may see are padding, and hidden once more as such
            not_padding = visible.any(dim=-2, keepdim=True)
            scores = scores + min_bias(visible, x.dtype) + min_bias(not_padding, x.dtype)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return self.out_proj(weights @ v)
