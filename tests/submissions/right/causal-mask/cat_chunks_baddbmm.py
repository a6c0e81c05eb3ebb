# style: heads along the batch, baddbmm with the mask as a bias, q and k scaled by d ** -0.25
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, num_units, num_heads, dropout_rate=0.0):
        super().__init__()
        if num_units % num_heads != 0:
            raise ValueError("num_units has to be a multiple of num_heads")
        self.h = num_heads
        self.w_q = nn.Linear(num_units, num_units, bias=False)
        self.w_k = nn.Linear(num_units, num_units, bias=False)
        self.w_v = nn.Linear(num_units, num_units)
        self.w_o = nn.Linear(num_units, num_units)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        N, T, C = x.shape
        h = self.h
        s = (C // h) ** -0.25
        q = torch.cat((self.w_q(x) * s).chunk(h, dim=-1))  # h*N first
        k = torch.cat((self.w_k(x) * s).chunk(h, dim=-1))
        v = torch.cat(self.w_v(x).chunk(h, dim=-1))

        future = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(diagonal=1)
        hidden = future.expand(h, N, T, T)
        if mask is not None:
            hidden = hidden | (mask == 0).expand(N, h, T, T).transpose(0, 1)
        bias = torch.zeros(h * N, T, T, dtype=x.dtype, device=x.device)
        bias = bias.masked_fill(hidden.reshape(h * N, T, T), -1e9)

        a = torch.baddbmm(bias, q, k.transpose(1, 2)).softmax(dim=-1)
        y = torch.bmm(self.dropout(a), v)
        return self.w_o(torch.cat(y.chunk(h, dim=0), dim=-1))
