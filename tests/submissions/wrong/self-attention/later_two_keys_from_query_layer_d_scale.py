# keys-from-query-layer-d-scale: the keys come from the query projection; divided by the width without the square root
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: projection-reused, scale-by-d
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        q = self.query_proj(x)
        k = self.query_proj(x)
        v = self.value_proj(x)
        scores = torch.matmul(q, k.transpose(-1, -2)) / self.hidden_dim
        attn = torch.softmax(scores, dim=-1)
        return torch.matmul(attn, v)
