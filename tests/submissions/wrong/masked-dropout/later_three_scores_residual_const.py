# three-scores-residual-const: dropout on the scores, x is added, a scale of 8
# refused: yes
# check: test_is_projected_attention_within_x
# named: dropout-on-scores, residual-inside|extra-residual-or-norm, scale-constant
import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.q = nn.Linear(hidden_dim, hidden_dim)
        self.k = nn.Linear(hidden_dim, hidden_dim)
        self.v = nn.Linear(hidden_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = self.drop(q @ k.transpose(-2, -1) / 8)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        return x + self.out(weights @ v)
