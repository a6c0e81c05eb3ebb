# vkq-unscaled-columns: the fused rows are unpacked in the order value, key, query; the scores are not scaled; softmax over the queries
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: split-order|fused-order, no-scale, softmax-over-queries
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        b, s, d = x.shape
        v, k, q = self.proj(x).view(b, s, 3, d).permute(2, 0, 1, 3)
        weights = (q @ k.transpose(1, 2)).softmax(dim=1)
        return weights @ v
