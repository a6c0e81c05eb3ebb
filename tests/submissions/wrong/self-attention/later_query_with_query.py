# query-with-query: the scores are query with query, the key projection is never used
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: projection-reused
import math
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.query_layer = nn.Linear(hidden_dim, hidden_dim)
        self.key_layer = nn.Linear(hidden_dim, hidden_dim)
        self.value_layer = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        query = self.query_layer(x)
        key = self.key_layer(x)
        value = self.value_layer(x)
        scores = torch.matmul(query, query.transpose(1, 2)) / math.sqrt(self.hidden_dim)
        return torch.matmul(scores.softmax(-1), value)
