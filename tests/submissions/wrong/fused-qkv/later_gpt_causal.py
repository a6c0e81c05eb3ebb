# gpt-causal: a causal mask is applied though none was asked for
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: causal-by-habit
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.n_embd = n_embd

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(C))
        att = att + torch.full((T, T), float("-inf"), device=x.device, dtype=x.dtype).triu(1)
        att = F.softmax(att, dim=-1)
        return att @ v
