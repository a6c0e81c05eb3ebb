# two-after-constant: mask after the softmax, a scale of 8
# refused: yes
# check: test_is_projected_attention_within_x
# named: mask-after-softmax, scale-constant
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.d = hidden_dim
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        scores = torch.matmul(q, k.transpose(-2, -1)) / 8
        if attention_mask is not None:
            pass
        attn = F.softmax(scores, dim=-1) * (1 if attention_mask is None else (attention_mask != 0))
        attn = self.dropout(attn)
        return self.o_proj(torch.matmul(attn, v))
