# style: bare nn.Parameter (in, out) with biases, inverted dropout written by hand
import torch
from torch import nn


def drop(w, p, training):
    """Inverted dropout: what survives is scaled up, so that the mean stays."""
    if not training or p == 0.0:
        return w
    if p >= 1.0:
        return torch.zeros_like(w)
    keep = torch.bernoulli(torch.full_like(w, 1.0 - p))
    return w * keep / (1.0 - p)


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, p=0.1):
        super().__init__()
        self.p = p
        for name in "qkvo":
            self.register_parameter(f"W_{name}", nn.Parameter(torch.randn(dim, dim) * dim**-0.5))
            self.register_parameter(f"b_{name}", nn.Parameter(torch.zeros(dim)))

    def forward(self, x, mask=None):
        q = x @ self.W_q + self.b_q
        k = x @ self.W_k + self.b_k
        v = x @ self.W_v + self.b_v
        s = q @ k.transpose(-1, -2) / x.shape[-1] ** 0.5
        if mask is not None:
            s = s + (1 - mask.to(s.dtype)) * -1e9
        a = drop(s.softmax(dim=-1), self.p, self.training)
        return a @ v @ self.W_o + self.b_o
