# FQ06 head-major-layout: the fused rows are taken head by head: query, key and value of the first head come first
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads, dropout=0.0):
        super().__init__()
        assert d_model % n_heads == 0
        self.n_heads = n_heads
        self.W_QKV = nn.Parameter(torch.randn(d_model, 3 * d_model))
        self.W_O = nn.Parameter(torch.randn(d_model, d_model))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        q, k, v = (x @ self.W_QKV).unflatten(-1, (self.n_heads, -1)).transpose(1, 2).chunk(3, -1)
        scores = q @ k.transpose(-2, -1) / q.size(-1) ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        return (self.dropout(scores.softmax(-1)) @ v).transpose(1, 2).flatten(2) @ self.W_O
