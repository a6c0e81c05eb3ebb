# CM09 or-instead-of-and: a key is visible if either mask allows it, so padding in the past is
# refused: yes
# check: test_the_first_token_attends_to_itself_alone
import math

import torch
import torch.nn as nn


def combine_masks(causal_mask, attention_mask):
    if attention_mask is None:
        return causal_mask
    return causal_mask | attention_mask.bool()


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)
        self.dense = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def heads(self, t):
        return t.view(*t.shape[:2], self.num_heads, self.head_dim).permute(0, 2, 1, 3)

    def forward(self, x, attention_mask=None):
        S = x.size(1)
        q, k, v = self.heads(self.query(x)), self.heads(self.key(x)), self.heads(self.value(x))
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.head_dim)
        causal_mask = torch.tril(torch.ones(S, S, dtype=torch.bool, device=x.device))
        scores = scores.masked_fill(combine_masks(causal_mask, attention_mask) == 0, -1e9)
        probs = self.dropout(torch.softmax(scores, dim=-1))
        context = torch.matmul(probs, v).permute(0, 2, 1, 3).flatten(2)
        return self.dense(context)
