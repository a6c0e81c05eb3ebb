# causal-in-training-only: the causal mask is applied in training only, in eval the future is visible
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: causal-rule-missing
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model, n_heads, dropout=0.0):
        super().__init__()
        assert d_model % n_heads == 0
        self.n_heads = n_heads
        self.d_head = d_model // n_heads
        self.W_qkv = nn.Linear(d_model, 3 * d_model)
        self.W_o = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        b, t, c = x.shape
        q, k, v = (y.view(b, t, self.n_heads, self.d_head).transpose(1, 2) for y in self.W_qkv(x).chunk(3, -1))
        scores = q @ k.mT / math.sqrt(self.d_head)
        if self.training:
            future = torch.triu(torch.ones(t, t, dtype=torch.bool, device=x.device), diagonal=1)
            scores = scores.masked_fill(future, float('-inf'))
        if mask is not None:
            scores = scores.masked_fill(mask == 0, float('-inf'))
        attn = self.dropout(F.softmax(scores, dim=-1))
        return self.W_o((attn @ v).transpose(1, 2).flatten(2))
