# triangle-after-softmax: the causal mask is applied to the weights after the softmax, so they no longer sum to one
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: mask-after-softmax
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)
        self.p = dropout_rate

    def _heads(self, t):
        return t.unflatten(2, (self.num_heads, self.head_dim)).transpose(1, 2)

    def forward(self, x, attention_mask=None):
        S = x.size(1)
        q, k, v = self._heads(self.query(x)), self._heads(self.key(x)), self._heads(self.value(x))
        scores = torch.matmul(q, k.transpose(-2, -1)) / self.head_dim ** 0.5
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        attn = F.softmax(scores, dim=-1)
        attn = torch.tril(attn)
        attn = F.dropout(attn, self.p, training=self.training)
        return self.out(torch.matmul(attn, v).transpose(1, 2).flatten(2))
