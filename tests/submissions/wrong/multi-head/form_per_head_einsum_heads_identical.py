# MH10 heads-identical: every head reads with the first head's queries
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads, attn_dropout=0.0):
        super().__init__()
        d_head, rest = divmod(d_model, n_heads)
        if rest:
            raise ValueError("n_heads must divide d_model")
        self.W_Q = nn.Parameter(torch.randn(n_heads, d_model, d_head) * 0.02)
        self.W_K = nn.Parameter(torch.randn(n_heads, d_model, d_head) * 0.02)
        self.W_V = nn.Parameter(torch.randn(n_heads, d_model, d_head) * 0.02)
        self.W_O = nn.Parameter(torch.randn(n_heads, d_head, d_model) * 0.02)
        self.b_Q = nn.Parameter(torch.zeros(n_heads, d_head))
        self.b_K = nn.Parameter(torch.zeros(n_heads, d_head))
        self.b_V = nn.Parameter(torch.zeros(n_heads, d_head))
        self.b_O = nn.Parameter(torch.zeros(d_model))
        self.attn_dropout = nn.Dropout(attn_dropout)

    def forward(self, x, mask=None):
        q = torch.einsum("bsm,hmd->bhsd", x, self.W_Q[:1].expand_as(self.W_Q)) + self.b_Q[:, None]
        k = torch.einsum("bsm,hmd->bhsd", x, self.W_K) + self.b_K[:, None]
        v = torch.einsum("bsm,hmd->bhsd", x, self.W_V) + self.b_V[:, None]
        scores = torch.einsum("bhqd,bhkd->bhqk", q, k) / q.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        pattern = self.attn_dropout(scores.softmax(dim=-1))
        z = torch.einsum("bhqk,bhkd->bhqd", pattern, v)
        return torch.einsum("bhqd,hdm->bqm", z, self.W_O) + self.b_O
