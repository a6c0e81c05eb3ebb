# MD19 no-rescale-or-p-swapped: surviving weights are not divided by 1 - p
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
import math

import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, p=0.1):
        super().__init__()
        self.dim, self.p = dim, p
        self.qkv_proj = nn.Linear(dim, 3 * dim)
        self.out_proj = nn.Linear(dim, dim)

    def drop(self, weights):
        if not self.training:
            return weights
        keep = torch.rand_like(weights) >= self.p
        return weights * keep

    def forward(self, x, attention_mask=None):
        query, key, value = self.qkv_proj(x).chunk(3, dim=-1)
        scores = query @ key.transpose(1, 2) / math.sqrt(self.dim)
        if attention_mask is not None:
            scores = torch.where(attention_mask == 0, -1e9, scores)
        weights = self.drop(scores.softmax(dim=-1))
        return self.out_proj(weights @ value)
