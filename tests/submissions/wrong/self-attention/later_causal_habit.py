# causal-habit: a causal mask is applied though none was asked for
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: causal-uninvited
import math
import torch
import torch.nn as nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    """ one head of self-attention """

    def __init__(self, n_embd):
        super().__init__()
        self.key = nn.Linear(n_embd, n_embd, bias=False)
        self.query = nn.Linear(n_embd, n_embd, bias=False)
        self.value = nn.Linear(n_embd, n_embd, bias=False)

    def forward(self, x):
        B, T, C = x.shape
        k = self.key(x)
        q = self.query(x)
        wei = q @ k.transpose(-2, -1) * C ** -0.5
        tril = torch.tril(torch.ones(T, T, device=x.device))
        wei = wei.masked_fill(tril == 0, float('-inf'))
        wei = F.softmax(wei, dim=-1)
        v = self.value(x)
        return wei @ v
