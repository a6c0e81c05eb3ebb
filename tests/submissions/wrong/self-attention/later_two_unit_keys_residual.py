# two-unit-keys-residual: keys of unit length, and x is added
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: cosine-scores, extra-residual-or-norm|residual-inside
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
        scores = q @ F.normalize(k, dim=-1).transpose(1, 2) / d**0.5
        weights = torch.softmax(scores, dim=-1)
        return x + weights @ v
