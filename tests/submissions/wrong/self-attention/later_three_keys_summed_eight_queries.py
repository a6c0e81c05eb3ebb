# keys-summed-eight-queries: the weights sum the keys instead of the values; divided by a constant 8; softmax over the queries
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: key-for-value, softmax-over-queries, scale-constant
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        q = self.query(x)
        k = self.key(x)
        v = self.value(x)
        # sqrt(64) = 8
        scores = (q @ k.permute(0, 2, 1)) / 8
        weights = scores.softmax(dim=-2)
        return weights @ k
