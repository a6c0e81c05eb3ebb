# swapped-and-causal: query and key are swapped in the scores (k q^T); a causal mask is applied though none was asked for
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: causal-by-habit, query-key-swapped
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, d_model: int):
        super().__init__()
        self.d_model = d_model
        self.Wqkv = nn.Linear(d_model, 3 * d_model, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        T = x.size(1)
        q, k, v = self.Wqkv(x).split(self.d_model, dim=-1)
        scores = torch.einsum("bqd,bkd->bkq", q, k) / math.sqrt(self.d_model)
        keep = torch.ones(T, T, dtype=torch.bool, device=x.device).tril()
        scores = scores.masked_fill(~keep, float("-inf"))
        return F.softmax(scores, dim=-1) @ v
