# kata: causal-mask
import math

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def visible(self, scores, mask):
        causal = torch.tril(torch.ones(scores.size(-1)))
        return causal if mask is None else causal * mask

    def forward(self, x, attention_mask=None):
        batch, seq_len, width = x.shape
        heads = self.qkv(x).view(batch, seq_len, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = heads
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
        scores = scores.masked_fill(self.visible(scores, attention_mask) == 0, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return self.out((weights @ value).transpose(1, 2).reshape(batch, seq_len, width))
