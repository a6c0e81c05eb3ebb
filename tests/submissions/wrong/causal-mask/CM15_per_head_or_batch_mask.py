# CM15 per-head-or-batch-mask: the mask of the first sequence serves the whole batch
# refused: yes
# check: test_each_sequence_is_attended_to_on_its_own
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_size % num_heads != 0:
            raise ValueError("hidden_size must be divisible by num_heads")
        self.num_heads = num_heads
        self.head_dim = hidden_size // num_heads
        self.dropout_rate = dropout_rate
        self.c_attn = nn.Linear(hidden_size, 3 * hidden_size)
        self.c_proj = nn.Linear(hidden_size, hidden_size)

    def build_mask(self, seq_len, attention_mask, device):
        mask = torch.ones(1, 1, seq_len, seq_len, dtype=torch.bool, device=device).tril()
        if attention_mask is not None:
            if attention_mask.dim() == 4:
                attention_mask = attention_mask[:1]  # every sequence is padded alike
            mask = mask & (attention_mask != 0)
        return mask

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = self.c_attn(x).view(B, S, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        mask = self.build_mask(S, attention_mask, x.device)
        weights = F.softmax(scores.masked_fill(~mask, -1e9), dim=-1)
        weights = F.dropout(weights, p=self.dropout_rate, training=self.training)
        return self.c_proj((weights @ v).transpose(1, 2).reshape(B, S, D))
