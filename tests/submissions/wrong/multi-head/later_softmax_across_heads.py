# softmax-across-heads: softmax over the heads instead of the keys
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: softmax-over-heads
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.proj = nn.Linear(hidden_dim, hidden_dim)
        self.p = dropout_rate

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = self.qkv(x).view(B, S, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        att = q @ k.transpose(2, 3) / self.head_dim ** 0.5
        if attention_mask is not None:
            att = att.masked_fill(attention_mask == 0, -1e9)
        att = F.softmax(att, dim=1)
        att = F.dropout(att, self.p, self.training)
        y = (att @ v).transpose(1, 2).reshape(B, S, D)
        return self.proj(y)
