# style: heads folded into the batch, bmm, the mask spread out to it
import math

import torch
from torch import nn


class CrossAttention(nn.Module):
    def __init__(self, num_hiddens, num_heads, dropout=0.0):
        super().__init__()
        if num_hiddens % num_heads != 0:
            raise ValueError("num_hiddens must be a multiple of num_heads")
        self.num_heads = num_heads
        self.W_q = nn.Linear(num_hiddens, num_hiddens)
        self.W_k = nn.Linear(num_hiddens, num_hiddens)
        self.W_v = nn.Linear(num_hiddens, num_hiddens)
        self.W_o = nn.Linear(num_hiddens, num_hiddens)
        self.dropout = nn.Dropout(dropout)

    def fold(self, X):
        X = X.reshape(X.shape[0], X.shape[1], self.num_heads, -1).permute(0, 2, 1, 3)
        return X.reshape(-1, X.shape[2], X.shape[3])

    def forward(self, X, context, mask=None):
        B, L, S = X.shape[0], X.shape[1], context.shape[1]
        q, k, v = self.fold(self.W_q(X)), self.fold(self.W_k(context)), self.fold(self.W_v(context))
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.shape[-1])
        if mask is not None:
            mask = mask.expand(B, self.num_heads, L, S).reshape(-1, L, S)
            scores = scores.masked_fill(mask == 0, -1e6)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        Y = torch.bmm(weights, v).reshape(B, self.num_heads, L, -1)
        return self.W_o(Y.permute(0, 2, 1, 3).reshape(B, L, -1))
