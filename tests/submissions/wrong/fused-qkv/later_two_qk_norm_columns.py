# qk-norm-columns: a layer norm is put on query and key; softmax over the queries
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: softmax-over-queries, scores-of-normalised
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.wqkv = nn.Linear(dim, 3 * dim, bias=False)

    def forward(self, x):
        xq, xk, xv = self.wqkv(x).split([self.dim, self.dim, self.dim], dim=-1)
        xq = F.layer_norm(xq, (self.dim,))
        xk = F.layer_norm(xk, (self.dim,))
        scores = torch.matmul(xq, xk.transpose(1, 2)) * self.dim ** -0.5
        return torch.matmul(F.softmax(scores, dim=-2), xv)
