# width-major-split-eval-dropout: the width is split as (head_dim, H) instead of (H, head_dim); dropout is active in eval too
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: split-interleaved, dropout-in-eval
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("bad number of heads")
        self.num_heads, self.head_dim = num_heads, hidden_dim // num_heads
        self.dropout_rate = dropout_rate
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)

    def _split(self, t):
        b, s, _ = t.shape
        return t.view(b, s, self.head_dim, self.num_heads).permute(0, 3, 1, 2)

    def forward(self, x, attention_mask=None):
        b, s, d = x.shape
        q = self._split(self.query_proj(x))
        k = self._split(self.key_proj(x))
        v = self._split(self.value_proj(x))
        scores = q @ k.transpose(-1, -2) / self.head_dim ** 0.5
        if attention_mask is not None:
            scores = torch.where(attention_mask.bool(), scores, torch.full_like(scores, -1e9))
        weights = F.dropout(F.softmax(scores, -1), p=self.dropout_rate)
        merged = (weights @ v).transpose(1, 2).reshape(b, s, d)
        return self.output_proj(merged)
