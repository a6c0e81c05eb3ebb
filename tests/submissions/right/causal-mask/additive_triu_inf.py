# style: additive triu of -inf, float arithmetic for the padding, returns (output, weights)
import torch
import torch.nn.functional as F
from torch import nn


def generate_square_subsequent_mask(sz, device, dtype):
    """-inf above the diagonal, 0 elsewhere."""
    return torch.triu(torch.full((sz, sz), float("-inf"), device=device, dtype=dtype), diagonal=1)


class CausalSelfAttention(nn.Module):
    def __init__(self, embed_dim, nhead, dropout=0.0):
        super().__init__()
        if embed_dim % nhead != 0:
            raise ValueError("embed_dim must be divisible by nhead")
        self.nhead = nhead
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, src, src_mask=None):
        B, S, E = src.shape
        qkv = F.linear(src, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.view(B, S, 3, self.nhead, E // self.nhead).permute(2, 0, 3, 1, 4)
        logits = q @ k.transpose(-2, -1) / (E // self.nhead) ** 0.5
        logits = logits + generate_square_subsequent_mask(S, src.device, logits.dtype)
        if src_mask is not None:
            logits = logits + (1 - src_mask.to(logits.dtype)) * -1e9
        w = F.softmax(logits, dim=-1)
        w = F.dropout(w, self.dropout, self.training)
        out = (w @ v).transpose(1, 2).reshape(B, S, E)
        return self.out_proj(out), w
