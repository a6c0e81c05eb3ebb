# style: bare nn.Parameter (in, out), biases on some, softmax and dropout by hand
import torch
from torch import nn


def softmax(z):
    z = z - z.amax(dim=-1, keepdim=True).detach()
    e = z.exp()
    return e / e.sum(dim=-1, keepdim=True)


class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, p=0.0):
        super().__init__()
        if width % heads != 0:
            raise ValueError(f"{heads} heads do not divide a width of {width}")
        self.heads, self.p = heads, p
        self.w_q = nn.Parameter(torch.empty(width, width))
        self.w_k = nn.Parameter(torch.empty(width, width))
        self.w_v = nn.Parameter(torch.empty(width, width))
        self.w_o = nn.Parameter(torch.empty(width, width))
        self.b_v = nn.Parameter(torch.zeros(width))
        self.b_o = nn.Parameter(torch.zeros(width))
        for w in (self.w_q, self.w_k, self.w_v, self.w_o):
            nn.init.kaiming_uniform_(w, a=5**0.5)

    def _drop(self, a):
        if not self.training or self.p == 0:
            return a
        if self.p == 1:
            return a * 0
        return a * (torch.rand_like(a) >= self.p) / (1 - self.p)

    def forward(self, x, mask=None):
        split = lambda t: t.unflatten(-1, (self.heads, -1)).transpose(-3, -2)  # noqa: E731
        q, k, v = split(x @ self.w_q), split(x @ self.w_k), split(x @ self.w_v + self.b_v)
        z = q @ k.mT / q.shape[-1] ** 0.5
        if mask is not None:
            z = torch.where(mask.bool(), z, torch.tensor(-1e9, dtype=z.dtype, device=z.device))
        y = self._drop(softmax(z)) @ v
        return y.transpose(-3, -2).flatten(-2) @ self.w_o + self.b_o
