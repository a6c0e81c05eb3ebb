# MH02 split-no-transpose: view(B, H, S, d) gives a head whole tokens, not a slice of each
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim must be divisible by num_heads")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        B, S, D = x.shape
        q, k, v = (
            t.reshape(B, self.num_heads, S, self.head_dim) for t in self.qkv(x).chunk(3, dim=-1)
        )
        att = torch.einsum("bhqd,bhkd->bhqk", q, k) * self.head_dim**-0.5
        if mask is not None:
            att = att.masked_fill(mask == 0, float("-inf"))
        att = self.dropout(att.softmax(dim=-1))
        y = torch.einsum("bhqk,bhkd->bhqd", att, v).reshape(B, S, D)
        return self.out(y)
