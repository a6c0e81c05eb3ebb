# stale-padding: the combined mask is kept from the first call of a shape, so a later padding mask has no effect
# refused: yes
# check: test_the_first_token_attends_to_itself_alone
# named: mask-kept
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)
        self._cache = {}

    def _mask(self, b, s, padding, device):
        if (b, s) not in self._cache:
            m = torch.tril(torch.ones(s, s, dtype=torch.bool, device=device))
            if padding is not None:
                m = m & (padding != 0)
            self._cache[(b, s)] = m
        return self._cache[(b, s)]

    def forward(self, x, attention_mask=None):
        b, s, d = x.shape
        q = self.q_proj(x).view(b, s, self.num_heads, self.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(b, s, self.num_heads, self.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(b, s, self.num_heads, self.head_dim).transpose(1, 2)
        scores = q @ k.mT / self.head_dim ** 0.5
        scores = scores.masked_fill(~self._mask(b, s, attention_mask, x.device), -1e9)
        weights = self.dropout(F.softmax(scores, dim=-1))
        return self.o_proj((weights @ v).transpose(1, 2).reshape(b, s, d))
