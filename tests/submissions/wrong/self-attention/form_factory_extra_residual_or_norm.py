# SA11 extra-residual-or-norm: x is added to what comes out
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
from torch import nn


def make_self_attention(d_model):
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.q = nn.Linear(d_model, d_model)
            self.k = nn.Linear(d_model, d_model)
            self.v = nn.Linear(d_model, d_model)

        def forward(self, x):
            weights = torch.softmax(self.q(x) @ self.k(x).transpose(1, 2) / d_model**0.5, dim=-1)
            return x + weights @ self.v(x)

    return Layer()
