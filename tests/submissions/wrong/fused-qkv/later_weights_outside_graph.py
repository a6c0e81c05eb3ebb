# weights-outside-graph: the weights are detached, so query and key get no gradient
# refused: yes
# check: test_gradients_reach_x_and_all_rows
# named: gradient-cut
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.last_attention = None

    def forward(self, x):
        b, s, d = x.shape
        q, k, v = self.qkv_proj(x).view(b, s, 3, d).unbind(dim=2)
        weights = torch.softmax(torch.bmm(q, k.transpose(1, 2)) / d ** 0.5, dim=-1).detach()
        self.last_attention = weights
        return torch.bmm(weights, v)
