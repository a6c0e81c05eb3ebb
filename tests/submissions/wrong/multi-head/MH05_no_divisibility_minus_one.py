# MH05 no-divisibility: 12 features among 5 heads quietly become 6 heads of 2, a result
# refused: yes
# check: test_heads_that_do_not_divide_the_features_never_give_a_result
import math

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        self.head_dim = hidden_dim // num_heads
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        hidden_shape = (*x.shape[:-1], -1, self.head_dim)
        query = self.q_proj(x).view(hidden_shape).transpose(1, 2)
        key = self.k_proj(x).view(hidden_shape).transpose(1, 2)
        value = self.v_proj(x).view(hidden_shape).transpose(1, 2)
        scores = torch.matmul(query, key.transpose(2, 3)) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        context = torch.matmul(weights, value).transpose(1, 2)
        return self.o_proj(context.reshape(*x.shape[:-1], -1))
