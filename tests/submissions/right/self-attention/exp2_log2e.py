# style: base 2: log2(e) in the scale and exp2, as the kernels do
import math

import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        scores = q @ k.transpose(-2, -1) * (math.log2(math.e) / math.sqrt(x.size(-1)))
        top = scores.amax(dim=-1, keepdim=True)
        log_sum = top + torch.log2(torch.exp2(scores - top).sum(dim=-1, keepdim=True))
        weights = torch.exp2(scores - log_sum)
        return weights @ v
