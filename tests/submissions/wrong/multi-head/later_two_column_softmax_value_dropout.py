# column-softmax-value-dropout: softmax over the queries instead of the keys; dropout on the values instead of on the weights
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: softmax-over-queries, dropout-elsewhere
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("indivisible")
        self.num_heads = num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        H, d = self.num_heads, D // self.num_heads
        q, k, v = self.qkv(x).reshape(B, S, 3, H, d).unbind(dim=2)
        v = self.dropout(v)
        logits = torch.einsum("bqhd,bkhd->bhqk", q, k) / d ** 0.5
        if attention_mask is not None:
            logits = logits.masked_fill(attention_mask == 0, -1e9)
        p = logits.softmax(dim=2)
        return self.output(torch.einsum("bhqk,bkhd->bqhd", p, v).reshape(B, S, D))
