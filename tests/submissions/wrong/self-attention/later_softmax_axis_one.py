# softmax-axis-one: softmax over the queries instead of the keys
# refused: yes
# check: test_weights_of_a_token_sum_to_one_over_the_sequence
# named: softmax-over-queries
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.h = h
        self.linear_q = nn.Linear(h, h)
        self.linear_k = nn.Linear(h, h)
        self.linear_v = nn.Linear(h, h)

    def forward(self, x):
        q = self.linear_q(x)
        k = self.linear_k(x)
        v = self.linear_v(x)
        # (b, s, s)
        a = F.softmax(q.bmm(k.mT) / self.h ** .5, dim=1)
        return a.bmm(v)
