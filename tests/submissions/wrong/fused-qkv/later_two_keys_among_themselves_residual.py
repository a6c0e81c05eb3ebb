# keys-among-themselves-residual: the scores are key with key, the query rows are never used; the input is added as a residual
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: extra-residual-or-norm, compared-with-itself
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.qkv = nn.Linear(hidden_size, 3 * hidden_size)
        self.hidden_size = hidden_size

    def forward(self, hidden_states):
        mixed = self.qkv(hidden_states)
        query, key, value = mixed.chunk(3, dim=-1)
        scores = torch.matmul(key, key.transpose(-1, -2)) / self.hidden_size ** 0.5
        probs = nn.Softmax(dim=-1)(scores)
        return hidden_states + torch.matmul(probs, value)
