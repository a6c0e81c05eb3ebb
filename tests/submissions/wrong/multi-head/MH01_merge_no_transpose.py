# MH01 merge-no-transpose: (B, H, S, d) is reshaped to (B, S, D) as it lies, tokens get mixed
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import math

import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout=0.0):
        super().__init__()
        assert d_model % num_heads == 0
        self.num_heads = num_heads
        self.d_k = d_model // num_heads
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        self.w_o = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, attention_mask=None):
        b, s, d = x.shape
        q = self.w_q(x).view(b, s, self.num_heads, self.d_k).transpose(1, 2)
        k = self.w_k(x).view(b, s, self.num_heads, self.d_k).transpose(1, 2)
        v = self.w_v(x).view(b, s, self.num_heads, self.d_k).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_k)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        out = (weights @ v).reshape(b, s, d)
        return self.w_o(out)
