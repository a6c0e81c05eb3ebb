# unscaled-flipped-unprojected: the scores are not scaled; the mask is read the wrong way round, true means hidden; the output projection is built and never applied
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: no-output-projection, no-scale, mask-polarity
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, _ = x.size()
        q, k, v = torch.chunk(self.qkv(x), 3, dim=2)
        shape = (B, S, self.num_heads, self.head_dim)
        q, k, v = q.reshape(shape).transpose(1, 2), k.reshape(shape).transpose(1, 2), v.reshape(shape).transpose(1, 2)
        scores = torch.matmul(q, k.transpose(-1, -2))
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask.bool(), -1e9)
        attn = self.dropout(F.softmax(scores, dim=-1))
        out = torch.matmul(attn, v).transpose(1, 2).reshape(B, S, self.hidden_dim)
        return out
