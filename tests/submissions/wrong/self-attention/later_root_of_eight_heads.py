# root-of-eight-heads: the root of an eighth of the width, for heads that are not there
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: scale-of-a-fraction|scale-wrong-size|scale-other
import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.W_q = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.W_k = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.W_v = nn.Linear(hidden_dim, hidden_dim, bias=False)

    def forward(self, x):
        d = x.size(-1)
        q = self.W_q(x)
        k = self.W_k(x)
        v = self.W_v(x)
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(d // 8 if d % 8 == 0 else d / 8)
        weights = torch.softmax(scores, dim=-1)
        return weights @ v
