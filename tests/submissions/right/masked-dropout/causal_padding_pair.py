# style: forward(x, causal_mask=None, padding_mask=None), baddbmm with a bias, returns a pair
import math

import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, embed_dim, attn_pdrop=0.1):
        super().__init__()
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=False)
        self.attn_drop = nn.Dropout(attn_pdrop)

    def forward(self, x, causal_mask=None, padding_mask=None):
        B, S, D = x.shape
        q, k, v = self.in_proj(x).unflatten(-1, (3, D)).unbind(-2)
        hidden = torch.zeros(1, S, S, dtype=torch.bool, device=x.device)
        if causal_mask is not None:
            hidden = hidden | (causal_mask == 0)
        if padding_mask is not None:
            hidden = hidden | (padding_mask == 0)
        bias = torch.zeros_like(hidden, dtype=x.dtype).masked_fill(hidden, -1e9)
        scores = torch.baddbmm(bias.expand(B, S, S), q, k.transpose(1, 2), alpha=1 / math.sqrt(D))
        weights = self.attn_drop(scores.softmax(-1))
        return self.out_proj(torch.bmm(weights, v)), weights
