# sliced-weight: three products with slices of the fused weight instead of one product
# refused: yes
# check: test_x_is_projected_by_one_product
# named: sliced-weight
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        d = self.hidden_dim
        w, b = self.qkv_proj.weight, self.qkv_proj.bias
        query = F.linear(x, w[:d], b[:d])
        key = F.linear(x, w[d:2 * d], b[d:2 * d])
        value = F.linear(x, w[2 * d:], b[2 * d:])
        scores = torch.matmul(query, key.transpose(1, 2)) / d ** 0.5
        return torch.matmul(torch.softmax(scores, dim=-1), value)
