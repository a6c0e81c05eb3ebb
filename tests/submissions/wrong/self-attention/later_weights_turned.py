# weights-turned: the weights are transposed before they sum the values
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: weights-transposed
import torch
from torch import nn


class SelfAttention(nn.Module):
    """f, g, h as in the self-attention GAN."""

    def __init__(self, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.scale = hidden_dim ** -0.5

    def forward(self, x):
        f = self.query_proj(x)
        g = self.key_proj(x)
        h = self.value_proj(x)
        beta = torch.softmax(torch.bmm(f, g.transpose(1, 2)) * self.scale, dim=-1)
        o = torch.bmm(beta.transpose(1, 2), h)
        return o
