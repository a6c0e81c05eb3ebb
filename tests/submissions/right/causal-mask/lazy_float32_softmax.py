# style: LazyLinear, float32 softmax and back, a fresh `index <= index` mask from cumsum
import torch
import torch.nn.functional as F
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, num_hiddens, num_heads, dropout=0.0):
        super().__init__()
        if num_hiddens % num_heads != 0:
            raise ValueError("num_heads does not divide num_hiddens")
        self.num_heads = num_heads
        self.wq = nn.LazyLinear(num_hiddens)
        self.wk = nn.LazyLinear(num_hiddens)
        self.wv = nn.LazyLinear(num_hiddens)
        self.wo = nn.LazyLinear(num_hiddens, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, valid=None):
        B, S, D = x.shape
        d = D // self.num_heads
        xq, xk, xv = (w(x).view(B, S, self.num_heads, d) for w in (self.wq, self.wk, self.wv))
        xq, xk, xv = xq.transpose(1, 2), xk.transpose(1, 2), xv.transpose(1, 2)

        index = x.new_ones(S, dtype=torch.long).cumsum(0)
        hidden = index.unsqueeze(0) > index.unsqueeze(1)
        if valid is not None:
            hidden = hidden.logical_or(valid.logical_not())
        scores = torch.matmul(xq, xk.transpose(2, 3)) * d**-0.5
        scores = scores.masked_fill(hidden, -1e9)
        scores = F.softmax(scores.float(), dim=-1).type_as(xq)
        output = torch.matmul(self.dropout(scores), xv)
        return self.wo(output.transpose(1, 2).contiguous().view(B, S, -1))
