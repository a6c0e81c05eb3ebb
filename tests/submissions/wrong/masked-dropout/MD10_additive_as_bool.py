# MD10 additive-as-bool: the mask is turned into 0 / -inf and then tested for zero: inverted
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
import math

import torch
import torch.nn as nn


def expand_mask(mask, dtype):
    """1/0 -> 0/-inf"""
    bias = torch.zeros(mask.shape, dtype=dtype, device=mask.device)
    return bias.masked_fill(mask == 0, -math.inf)


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_size, attention_dropout=0.1):
        super().__init__()
        self.hidden_size = hidden_size
        self.qkv_proj = nn.Linear(hidden_size, 3 * hidden_size)
        self.o_proj = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(attention_dropout)

    def forward(self, hidden_states, attention_mask=None):
        query, key, value = self.qkv_proj(hidden_states).chunk(3, dim=-1)
        scores = torch.bmm(query, key.transpose(1, 2)) / math.sqrt(self.hidden_size)
        if attention_mask is not None:
            attention_mask = expand_mask(attention_mask, scores.dtype)
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        probs = self.dropout(scores.softmax(dim=-1))
        return self.o_proj(torch.bmm(probs, value))
