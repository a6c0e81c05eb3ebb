# extra loop-over-steps: one query after the other
# refused: yes
# check: test_keeps_up_with_the_reference
# named: loop-over-rows
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.W = nn.Linear(query_dim, hidden_dim)
        self.U = nn.Linear(key_dim, hidden_dim)
        self.v = nn.Linear(hidden_dim, 1, bias=False)

    def step(self, state, keys):
        return self.v(torch.tanh(self.W(state).unsqueeze(1) + keys)).squeeze(-1)

    def forward(self, query, key, value, mask=None):
        keys = self.U(key)
        scores = torch.stack([self.step(query[:, t], keys) for t in range(query.size(1))], dim=1)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        return torch.softmax(scores, dim=-1) @ value
