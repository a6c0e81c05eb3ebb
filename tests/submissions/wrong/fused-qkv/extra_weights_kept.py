# extra weights-kept: in evaluation the transposed weight is made once, and never again
# refused: yes
# check: test_nothing_is_carried_over_between_calls
import math

import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)

    def project(self, x):
        if torch.is_grad_enabled():
            return self.qkv_proj(x)
        if not hasattr(self, "turned"):
            self.turned = self.qkv_proj.weight.detach().T.contiguous()
        return x @ self.turned + self.qkv_proj.bias

    def forward(self, x):
        query, key, value = self.project(x).chunk(3, dim=-1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        weights = torch.softmax(scores, dim=-1)
        return weights @ value
