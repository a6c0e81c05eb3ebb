# MD20 query-rows-masked: the mask lies across: padding is silenced as query, still read as key
# refused: yes
# check: test_attends_where_the_mask_is_true
import math

import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.fc_out = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        queries, keys, values = self.qkv(x).chunk(3, dim=-1)
        energy = torch.einsum("bqd,bkd->bqk", queries, keys)
        energy = energy / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            energy = energy.masked_fill(attention_mask.transpose(-2, -1) == 0, -1e20)
        attention = self.dropout(torch.softmax(energy, dim=2))
        return self.fc_out(torch.einsum("bqk,bkd->bqd", attention, values))
