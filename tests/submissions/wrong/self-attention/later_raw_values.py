# raw-values: the weights sum the raw input, the value projection is never used
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: projection-skipped
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super(SelfAttention, self).__init__()
        self.hidden_dim = hidden_dim
        self.W_q = nn.Linear(hidden_dim, hidden_dim)
        self.W_k = nn.Linear(hidden_dim, hidden_dim)
        self.W_v = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        Q = self.W_q(x)
        K = self.W_k(x)
        scores = torch.matmul(Q, K.permute(0, 2, 1)) / (self.hidden_dim ** 0.5)
        weights = torch.softmax(scores, dim=-1)
        return torch.matmul(weights, x)
