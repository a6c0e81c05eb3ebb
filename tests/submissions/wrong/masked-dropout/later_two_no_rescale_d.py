# no-rescale-d: the kept weights are not rescaled by 1 / (1 - p) in training; divided by D without the square root
# refused: yes
# check: test_is_projected_attention_within_x
# named: scale-by-d, no-rescale
import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1) -> None:
        super().__init__()
        self.hidden_dim = hidden_dim
        self.dropout_rate = dropout_rate
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        q, k, v = self.qkv_proj(x).chunk(3, dim=-1)
        scores = torch.einsum("bqd,bkd->bqk", q, k) / self.hidden_dim
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask.logical_not(), -1e9)
        weights = torch.softmax(scores, dim=-1)
        if self.training:
            weights = weights * (torch.rand_like(weights) >= self.dropout_rate)
        return self.o_proj(torch.einsum("bqk,bkd->bqd", weights, v))
