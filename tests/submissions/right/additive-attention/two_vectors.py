# style: no name says which of two vectors is the bias and which the scores' row
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim_q, dim_k, units):
        super().__init__()
        self.w1 = nn.Linear(dim_q, units, bias=False)
        self.w2 = nn.Linear(dim_k, units, bias=False)
        self.a = nn.Parameter(torch.zeros(units))
        self.c = nn.Parameter(torch.ones(units))

    def forward(self, query, key, value, mask=None):
        pairs = torch.tanh(self.w1(query).unsqueeze(2) + self.w2(key).unsqueeze(1) + self.a)
        scores = (pairs * self.c).sum(-1)
        if mask is not None:
            scores = scores.masked_fill(~mask.bool(), -1e9)
        return scores.softmax(-1) @ value
