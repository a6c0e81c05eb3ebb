# style: a module that keeps its bias, by heads and length, dtype and device
import math

import torch
from torch import nn


class AlibiAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.biases = {}

    def slopes(self, heads):
        n = 2 ** int(math.log2(heads))
        found = [2 ** (-8 / n) ** 1 * (2 ** (-8 / n)) ** (k - 1) for k in range(1, n + 1)]
        return found + [2 ** (-4 / n * (2 * k + 1)) for k in range(heads - n)]

    def bias(self, heads, length, like):
        name = heads, length, like.dtype, like.device
        if name not in self.biases:
            slopes = torch.tensor(self.slopes(heads), device=like.device)[:, None, None]
            i = torch.arange(length, device=like.device)
            bias = slopes * (i[None, :] - i[:, None])
            self.biases[name] = bias.masked_fill(i[None, :] > i[:, None], float("-inf")).to(like.dtype)
        return self.biases[name]

    def forward(self, query, key, value):
        _, heads, length, width = query.shape
        scores = query @ key.mT / width**0.5 + self.bias(heads, length, query)
        return scores.softmax(dim=-1) @ value
