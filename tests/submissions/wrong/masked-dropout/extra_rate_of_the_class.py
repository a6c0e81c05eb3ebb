# extra rate-of-the-class: the rate of dropout is kept on the class: the layer built last decides
# refused: yes
# check: test_layers_of_different_rates_do_not_mix
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        type(self).dropout_rate = dropout_rate

    def forward(self, x, attention_mask=None):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        weights = nn.functional.dropout(weights, self.dropout_rate, self.training)
        return self.output_proj(weights @ value)
