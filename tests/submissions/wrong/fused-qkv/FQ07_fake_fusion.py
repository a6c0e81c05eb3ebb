# FQ07 fake-fusion: one parameter, yet three products with a third of it each
# refused: yes
# check: test_x_is_projected_by_one_product
import torch
import torch.nn.functional as F
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.in_proj_weight = nn.Parameter(torch.empty(3 * hidden_dim, hidden_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * hidden_dim))
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x):
        w_q, w_k, w_v = self.in_proj_weight.chunk(3)
        b_q, b_k, b_v = self.in_proj_bias.chunk(3)
        q = F.linear(x, w_q, b_q)
        k = F.linear(x, w_k, b_k)
        v = F.linear(x, w_v, b_v)
        attn = F.softmax(q @ k.transpose(1, 2) * self.hidden_dim**-0.5, dim=-1)
        return attn @ v
