# softmax-rows-swapped: softmax over the queries instead of the keys
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: softmax-over-queries
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(3 * hidden_dim, hidden_dim))
        self.bias = nn.Parameter(torch.zeros(3 * hidden_dim))
        nn.init.xavier_uniform_(self.weight)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        qkv = nn.functional.linear(x, self.weight, self.bias)
        q, k, v = qkv.tensor_split(3, dim=-1)
        logits = torch.matmul(q * q.size(-1) ** -0.5, k.transpose(1, 2))
        return torch.matmul(self.softmax(logits), v)
