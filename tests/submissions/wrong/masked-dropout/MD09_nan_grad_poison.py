# MD09 nan-grad-poison: nan_to_num mends the output of hidden rows, their gradient stays NaN
# refused: stretch
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, embed_dim, p=0.1):
        super().__init__()
        self.root = math.sqrt(embed_dim)
        self.wq = nn.Linear(embed_dim, embed_dim)
        self.wk = nn.Linear(embed_dim, embed_dim)
        self.wv = nn.Linear(embed_dim, embed_dim)
        self.wo = nn.Linear(embed_dim, embed_dim)
        self.dropout = nn.Dropout(p)

    def forward(self, x, attention_mask=None):
        scores = self.wq(x) @ self.wk(x).transpose(1, 2) / self.root
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -math.inf)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        context = weights @ self.wv(x)
        # rows in which everything is masked
        context = torch.nan_to_num(context, nan=0.0)
        return self.wo(context)
