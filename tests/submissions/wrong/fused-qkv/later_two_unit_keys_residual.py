# two-unit-keys-residual: keys of unit length, and x is added
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: cosine-scores, extra-residual-or-norm|residual-inside
import torch
import torch.nn.functional as F
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.W_qkv = nn.Linear(hidden_dim, hidden_dim * 3, bias=False)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = self.W_qkv(x).view(*x.shape[:-1], 3, x.size(-1)).unbind(-2)
        scores = q @ F.normalize(k, dim=-1).transpose(1, 2) / d**0.5
        weights = torch.softmax(scores, dim=-1)
        return x + weights @ v
