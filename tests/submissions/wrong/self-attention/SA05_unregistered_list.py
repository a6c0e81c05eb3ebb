# SA05 unregistered-list: a plain Python list hides the layers from parameters() and .to()
# refused: yes
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.linears = [nn.Linear(d_model, d_model) for _ in range(3)]
        self.scale = 1 / d_model**0.5

    def forward(self, x):
        q, k, v = [linear(x) for linear in self.linears]
        attn = torch.softmax(torch.einsum("bid,bjd->bij", q, k) * self.scale, dim=-1)
        return torch.einsum("bij,bjd->bid", attn, v)
