# style: d2l: a DotProductAttention(dropout) in the function's place, keeping its weights
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
        scores = queries @ keys.transpose(-2, -1) / math.sqrt(d)
        self.attention_weights = masked_softmax(scores, valid_mask)
        return self.dropout(self.attention_weights) @ values
