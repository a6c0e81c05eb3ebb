# GQ01 tile-not-interleave: whole copies behind each other, 0 1 0 1
# refused: yes
# check: test_neighbouring_heads_share_a_group_of_keys_and_values
# named: tiled
import math

import torch
from torch import nn


class GroupedQueryAttention(nn.Module):
    def __init__(self, d_model, n_heads, n_kv_heads):
        super().__init__()
        assert d_model % n_heads == 0
        assert n_heads % n_kv_heads == 0
        self.n_heads = n_heads
        self.n_kv_heads = n_kv_heads
        self.d_head = d_model // n_heads
        self.n_rep = n_heads // n_kv_heads
        self.W_q = nn.Linear(d_model, d_model, bias=False)
        self.W_k = nn.Linear(d_model, n_kv_heads * self.d_head, bias=False)
        self.W_v = nn.Linear(d_model, n_kv_heads * self.d_head, bias=False)
        self.W_o = nn.Linear(d_model, d_model, bias=False)

    def forward(self, x, mask=None):
        B, S, D = x.shape
        q = self.W_q(x).view(B, S, self.n_heads, self.d_head).transpose(1, 2)
        k = self.W_k(x).view(B, S, self.n_kv_heads, self.d_head).transpose(1, 2)
        v = self.W_v(x).view(B, S, self.n_kv_heads, self.d_head).transpose(1, 2)
        k = torch.cat([k] * self.n_rep, dim=1)
        v = torch.cat([v] * self.n_rep, dim=1)
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.d_head)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        attn = scores.softmax(dim=-1)
        out = (attn @ v).transpose(1, 2).reshape(B, S, D)
        return self.W_o(out)
