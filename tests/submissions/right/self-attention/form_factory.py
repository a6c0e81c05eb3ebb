# style: a function that builds and returns the layer
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
            return weights @ self.v(x)

    return Layer()
