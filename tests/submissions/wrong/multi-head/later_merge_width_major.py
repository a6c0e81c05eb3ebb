# merge-width-major: the heads are merged as (head_dim, H) instead of (H, head_dim)
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: merge-interleaved
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim % num_heads must be 0")
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = [t.view(B, S, self.num_heads, self.head_dim).transpose(1, 2)
                   for t in self.qkv_proj(x).chunk(3, dim=-1)]
        scores = q @ k.transpose(-2, -1) / self.head_dim ** 0.5
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        out = self.dropout(scores.softmax(dim=-1)) @ v
        out = out.permute(0, 2, 3, 1).reshape(B, S, D)
        return self.out_proj(out)
