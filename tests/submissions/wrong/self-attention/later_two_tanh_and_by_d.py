# two-tanh-and-by-d: the projections go through tanh, the scores are divided by the width
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: activation-on-projections, scale-by-d
import torch
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
        q, k, v = (torch.tanh(t) for t in (q, k, v))
        scores = q @ k.mT / d
        weights = torch.softmax(scores, dim=-1)
        return weights @ v
