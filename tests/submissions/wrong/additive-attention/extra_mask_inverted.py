# extra mask-inverted: true hides
# refused: yes
# check: test_attends_where_the_mask_is_true
# named: mask-inverted
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.q = nn.LazyLinear(hidden_dim, bias=False)
        self.k = nn.LazyLinear(hidden_dim, bias=False)
        self.score = nn.Linear(hidden_dim, 1)

    def forward(self, query, key, value, mask=None):
        e = self.score(torch.tanh(self.q(query)[:, :, None] + self.k(key)[:, None])).squeeze(-1)
        if mask is not None:
            e = e.masked_fill(mask != 0, -1e8)
        e = (e - e.max(dim=-1, keepdim=True).values).exp()
        return (e / e.sum(dim=-1, keepdim=True)) @ value
