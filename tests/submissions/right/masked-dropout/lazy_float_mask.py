# style: nn.LazyLinear for all four, float mask arithmetic, q and k scaled by d ** -0.25
import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, num_hiddens, dropout=0.1, bias=False):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.W_q = nn.LazyLinear(num_hiddens, bias=bias)
        self.W_k = nn.LazyLinear(num_hiddens, bias=bias)
        self.W_v = nn.LazyLinear(num_hiddens, bias=bias)
        self.W_o = nn.LazyLinear(num_hiddens, bias=bias)

    def forward(self, X, valid=None):
        s = X.shape[-1] ** -0.25
        scores = torch.bmm(self.W_q(X) * s, self.W_k(X).transpose(1, 2) * s)
        if valid is not None:
            valid = valid.to(scores.dtype)
            scores = scores * valid - 1e9 * (1.0 - valid)
        self.attention_weights = torch.softmax(scores, dim=-1)
        return self.W_o(torch.bmm(self.dropout(self.attention_weights), self.W_v(X)))
