# style: a module that takes the temperature when it is built
import torch
import torch.nn as nn


class CosineAttention(nn.Module):
    def __init__(self, temperature=0.1):
        super().__init__()
        self.temperature = temperature
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, q, k, v, mask=None):
        q = nn.functional.normalize(q, p=2, dim=-1, eps=1e-8)
        k = nn.functional.normalize(k, p=2, dim=-1, eps=1e-8)
        attn = torch.matmul(q, k.transpose(-2, -1)) / self.temperature
        if mask is not None:
            attn = attn.masked_fill(mask == 0, -1e9)
        return torch.matmul(self.softmax(attn), v)
