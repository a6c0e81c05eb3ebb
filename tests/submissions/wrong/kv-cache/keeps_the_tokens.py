# refused: yes
# check: test_a_step_costs_a_step
# named: computed-again
# mistake: the cache is the tokens, and their keys and values are computed again at every step
import math, torch
from torch import nn
class CachedSelfAttention(nn.Module):
    """Keeps the tokens and projects them all again at every step."""
    def __init__(self, hidden_dim, num_heads):
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("hidden_dim must be divisible by num_heads")
        self.h, self.d = num_heads, hidden_dim // num_heads
        self.q, self.k, self.v, self.o = (nn.Linear(hidden_dim, hidden_dim) for _ in range(4))
    def forward(self, x, cache=None):
        B, T, D = x.shape
        whole = x if cache is None else torch.cat([cache, x], 1)
        S = whole.size(1)
        q = self.q(x).view(B, T, self.h, self.d).transpose(1, 2)
        k = self.k(whole).view(B, S, self.h, self.d).transpose(1, 2)
        v = self.v(whole).view(B, S, self.h, self.d).transpose(1, 2)
        s = q @ k.transpose(-2, -1) / math.sqrt(self.d)
        hide = torch.ones(T, S, dtype=torch.bool, device=x.device).triu(S - T + 1)
        w = torch.softmax(s.masked_fill(hide, float("-inf")), -1)
        return self.o((w @ v).transpose(1, 2).reshape(B, T, D)), whole
