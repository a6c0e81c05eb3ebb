# two-turns-and-weak: features merged (head_dim, heads), hidden scores become -10
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: merge-interleaved, fill-too-weak|weak-fill
import math

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim has to be a multiple of num_heads")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.proj = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        b, s, _ = x.shape
        q, k, v = (t.view(b, s, self.num_heads, self.head_dim).transpose(1, 2) for t in self.qkv(x).chunk(3, dim=-1))
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -10.0)
        weights = torch.softmax(scores, dim=-1)
        weights = self.drop(weights)
        context = (weights @ v).permute(0, 2, 3, 1).reshape(b, s, -1)
        return self.proj(context)
