# two-heads: two heads of half the width, each scaled by its own, where there should be one
# refused: yes
# check: test_output_has_the_shape_of_x
# named: heads-uninvited
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim: int, num_heads: int = 2):
        super().__init__()
        self.num_heads = 2
        self.head_dim = hidden_dim // 2
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        b, s, d = x.shape
        q, k, v = (p(x).view(b, s, self.num_heads, self.head_dim).transpose(1, 2)
                   for p in (self.q_proj, self.k_proj, self.v_proj))
        attn = F.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.head_dim), dim=-1)
        return (attn @ v).transpose(1, 2).reshape(b, s, d)
