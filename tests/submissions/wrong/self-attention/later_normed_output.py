# normed-output: the context is layer-normed
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: extra-residual-or-norm|result-normalised
import math

import torch
import torch.nn.functional as F
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        d = x.size(-1)
        q, k, v = (p(x) for p in (self.query_proj, self.key_proj, self.value_proj))
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        weights = torch.softmax(scores, dim=-1)
        return F.layer_norm(weights @ v, (d,))
