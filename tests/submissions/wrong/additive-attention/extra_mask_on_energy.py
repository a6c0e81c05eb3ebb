# extra mask-on-energy: hidden pairs' features are zeroed, their score is 0
# refused: yes
# check: test_attending_under_a_mask_is_attending_to_the_visible_keys_alone
# named: mask-on-the-energy|fill-near-zero
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim_q, dim_k, units):
        super().__init__()
        self.w1 = nn.Linear(dim_q, units, bias=False)
        self.w2 = nn.Linear(dim_k, units, bias=False)
        self.a = nn.Parameter(torch.zeros(units))
        self.c = nn.Parameter(torch.ones(units))

    def forward(self, query, key, value, mask=None):
        pairs = torch.tanh(self.w1(query).unsqueeze(2) + self.w2(key).unsqueeze(1) + self.a)
        if mask is not None:
            pairs = pairs * (mask != 0).unsqueeze(-1)
        scores = (pairs * self.c).sum(-1)
        return scores.softmax(-1) @ value
