# style: projections in a ModuleDict `proj`, one bias-free, built by a comprehension
import torch
from torch import nn

NAMES = ("query", "key", "value")


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim: int):
        super().__init__()
        # softmax forgets whatever a key bias adds, so there is none
        self.proj = nn.ModuleDict(
            {name: nn.Linear(hidden_dim, hidden_dim, bias=name != "key") for name in NAMES}
        )
        self.scale = hidden_dim**-0.5

    def forward(self, x):
        q, k, v = (self.proj[name](x) for name in NAMES)
        scores = torch.matmul(q * self.scale, k.permute(0, 2, 1))
        return torch.matmul(scores.softmax(dim=-1), v)
