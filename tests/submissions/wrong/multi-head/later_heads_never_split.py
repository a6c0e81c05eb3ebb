# heads-never-split: the heads are never split, one head of full width is used (scaled by the square root of hidden_dim with it)
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: never-split
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.q_linear = nn.Linear(hidden_dim, hidden_dim)
        self.v_linear = nn.Linear(hidden_dim, hidden_dim)
        self.k_linear = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)
        self.out = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        # (B, 1, S, D)
        q = self.q_linear(x).unsqueeze(1)
        k = self.k_linear(x).unsqueeze(1)
        v = self.v_linear(x).unsqueeze(1)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
        if attention_mask is not None:
            if attention_mask.dim() == 4:
                attention_mask = attention_mask[:, :1]
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        scores = self.dropout(F.softmax(scores, dim=-1))
        return self.out(torch.matmul(scores, v).squeeze(1))
