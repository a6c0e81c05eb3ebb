# MD07 fill-overflows-half: -1e9 does not fit float16, masked_fill raises there
# refused: stretch
import math

import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    NEG = -1e9

    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(self.hidden_dim)
        if attention_mask is None:
            weights = torch.softmax(scores, dim=-1)
        else:
            hidden = attention_mask == 0
            weights = torch.softmax(scores.masked_fill(hidden, self.NEG), dim=-1)
            weights = weights.masked_fill(hidden, 0.0)
        return self.output_proj(torch.matmul(self.dropout(weights), value))
