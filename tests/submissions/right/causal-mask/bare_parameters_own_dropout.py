# style: bare nn.Parameter (in, out), masked softmax by multiplication and by hand, own dropout
import torch
from torch import nn


def masked_softmax(z, keep):
    z = z.masked_fill(keep == 0, -1e9)
    z = z - z.max(dim=-1, keepdim=True)[0]
    e = torch.exp(z) * keep
    return e / e.sum(dim=-1, keepdim=True).clamp_min(1e-9)


def dropout(a, p, training):
    if p == 0 or not training:
        return a
    if p == 1:
        return torch.zeros_like(a)
    keep = torch.empty_like(a).bernoulli_(1 - p)
    return a * keep / (1 - p)


class CausalSelfAttention(nn.Module):
    def __init__(self, width, heads, p=0.0):
        super().__init__()
        assert width % heads == 0
        self.heads, self.p = heads, p
        self.W_query = nn.Parameter(torch.randn(width, width) / width**0.5)
        self.W_key = nn.Parameter(torch.randn(width, width) / width**0.5)
        self.W_value = nn.Parameter(torch.randn(width, width) / width**0.5)
        self.W_out = nn.Parameter(torch.randn(width, width) / width**0.5)

    def split(self, t):
        return t.reshape(t.shape[0], t.shape[1], self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, x, mask=None):
        q = self.split(x @ self.W_query)
        k = self.split(x @ self.W_key)
        v = self.split(x @ self.W_value)
        z = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
        keep = torch.tril(torch.ones(z.shape[-2:], device=z.device, dtype=z.dtype))
        if mask is not None:
            keep = keep * mask.to(z.dtype)
        a = dropout(masked_softmax(z, keep), self.p, self.training)
        y = (a @ v).permute(0, 2, 1, 3).reshape(x.shape)
        return y @ self.W_out
