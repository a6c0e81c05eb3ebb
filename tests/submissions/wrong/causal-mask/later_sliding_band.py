# sliding-band: a position sees the last four positions only, not all earlier ones
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: window-uninvited
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.window = 4
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = self.qkv(x).view(B, S, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        i = torch.arange(S, device=x.device)
        dist = i[:, None] - i[None, :]
        visible = (dist >= 0) & (dist < self.window)
        scores = scores.masked_fill(~visible, float("-inf"))
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, float("-inf"))
        weights = self.dropout(F.softmax(scores, dim=-1))
        return self.proj((weights @ v).transpose(1, 2).reshape(B, S, D))
