# style: Annotated Transformer: a ModuleList of cloned linears, zipped with (x, x, x)
import copy
import math

import torch
import torch.nn as nn


def clones(module, N):
    "Produce N identical layers."
    return nn.ModuleList([copy.deepcopy(module) for _ in range(N)])


def attention(query, key, value):
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d_k)
    p_attn = scores.softmax(dim=-1)
    return torch.matmul(p_attn, value), p_attn


class SelfAttention(nn.Module):
    def __init__(self, d_model):
        super(SelfAttention, self).__init__()
        self.linears = clones(nn.Linear(d_model, d_model), 3)
        self.attn = None

    def forward(self, x):
        query, key, value = [lin(x) for lin, x in zip(self.linears, (x, x, x))]
        out, self.attn = attention(query, key, value)
        return out
