# with-c-proj: a further output projection is applied
# refused: yes
# check: test_its_weights_are_the_fused_projection_and_nothing_more
# named: extra-projection
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    """GPT style, one head."""

    def __init__(self, hidden_dim):
        super().__init__()
        # key, query, value projections in one batch
        self.c_attn = nn.Linear(hidden_dim, 3 * hidden_dim)
        # output projection
        self.c_proj = nn.Linear(hidden_dim, hidden_dim)
        self.hidden_dim = hidden_dim

    def forward(self, x):
        q, k, v = self.c_attn(x).split(self.hidden_dim, dim=-1)
        att = F.softmax((q @ k.mT) * self.hidden_dim ** -0.5, dim=-1)
        return self.c_proj(att @ v)
