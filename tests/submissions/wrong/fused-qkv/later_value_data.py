# value-data: value is detached, so its rows of the projection get no gradient
# refused: yes
# check: test_gradients_reach_x_and_all_rows
# named: gradient-cut
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.in_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x):
        q, k, v = torch.chunk(self.in_proj(x), 3, -1)
        w = torch.softmax(q.matmul(k.transpose(-1, -2)).div(q.shape[-1] ** 0.5), -1)
        return w.matmul(v.data)
