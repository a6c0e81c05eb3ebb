# AD01 no-unsqueeze: query i is added to key i
# refused: yes
# check: test_context_has_a_row_per_query_and_a_column_per_value
# named: no-unsqueeze
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(query_dim, hidden_dim, bias=False)
        self.key_proj = nn.Linear(key_dim, hidden_dim, bias=False)
        self.bias = nn.Parameter(torch.rand(hidden_dim).uniform_(-0.1, 0.1))
        self.score_proj = nn.Linear(hidden_dim, 1)

    def forward(self, query, key, value, mask=None):
        score = self.score_proj(torch.tanh(self.key_proj(key) + self.query_proj(query) + self.bias))
        score = score.squeeze(-1)
        if mask is not None:
            score = score.masked_fill(mask == 0, -1e9)
        attn = torch.softmax(score, dim=-1)
        return torch.bmm(attn.unsqueeze(1), value)
