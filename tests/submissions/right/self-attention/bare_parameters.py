# style: bare nn.Parameter (in, out) used as x @ W, biases b_q, b_k, b_v
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.W_q = nn.Parameter(torch.empty(dim, dim))
        self.W_k = nn.Parameter(torch.empty(dim, dim))
        self.W_v = nn.Parameter(torch.empty(dim, dim))
        self.b_q = nn.Parameter(torch.zeros(dim))
        self.b_k = nn.Parameter(torch.zeros(dim))
        self.b_v = nn.Parameter(torch.zeros(dim))
        self.reset_parameters()

    def reset_parameters(self):
        for w in (self.W_q, self.W_k, self.W_v):
            nn.init.xavier_uniform_(w)

    def forward(self, x):
        q = x @ self.W_q + self.b_q
        k = x @ self.W_k + self.b_k
        v = x @ self.W_v + self.b_v
        a = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        return a.softmax(-1) @ v
