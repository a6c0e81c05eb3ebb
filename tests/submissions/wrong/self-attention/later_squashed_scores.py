# squashed-scores: the scores go through a tanh before the softmax
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: scores-squashed
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.q = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.k = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.factor = hidden_dim ** 0.5

    def forward(self, inputs):
        scores = self.q(inputs) @ self.k(inputs).permute(0, 2, 1) / self.factor
        scores = torch.tanh(scores)
        attention = nn.functional.softmax(scores, dim=-1)
        return attention @ self.v(inputs)
