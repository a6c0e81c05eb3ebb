# batch-axis: the softmax runs over the examples
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: softmax-over-the-front|softmax-over-the-batch
import math

import torch
import torch.nn.functional as F
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
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = F.softmax(scores, dim=0)
        return weights @ v
