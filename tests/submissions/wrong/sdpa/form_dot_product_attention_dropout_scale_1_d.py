# SD02 scale-1-d: divided by d, not by its root
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
import math

import torch
from torch import nn


def masked_softmax(X, valid):
    if valid is not None:
        X = X.masked_fill(valid == 0, -1e6)
    return nn.functional.softmax(X, dim=-1)


class DotProductAttention(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_mask=None):
        d = queries.shape[-1]
        scores = queries @ keys.transpose(-2, -1) / d
        self.attention_weights = masked_softmax(scores, valid_mask)
        return self.dropout(self.attention_weights) @ values
