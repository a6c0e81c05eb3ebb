# FQ09 cat-wrong-dim: three linear layers stacked along dim=1, the inputs, instead of the outputs
# refused: yes
import torch
import torch.nn as nn


def fuse(*linears):
    """One linear layer out of three."""
    d = linears[0].in_features
    fused = nn.Linear(d, len(linears) * d)
    fused.weight = nn.Parameter(torch.cat([lin.weight.detach() for lin in linears], dim=1))
    fused.bias = nn.Parameter(torch.cat([lin.bias.detach() for lin in linears]))
    return fused


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        q, k, v = (nn.Linear(hidden_dim, hidden_dim) for _ in range(3))
        self.qkv = fuse(q, k, v)
        self.scale = hidden_dim**-0.5

    def forward(self, x):
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        weights = (query @ key.mT * self.scale).softmax(dim=-1)
        return weights @ value
