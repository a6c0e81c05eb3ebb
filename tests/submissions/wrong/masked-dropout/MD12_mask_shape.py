# MD12 mask-shape: takes every mask for (B, S) and adds a dimension of its own
# refused: yes
# check: test_computes_attention_itself
import math

from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        query, key, value = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            # (batch, seq) -> (batch, 1, seq): the same keys are padding for every query
            scores = scores.masked_fill(attention_mask.unsqueeze(1) == 0, -1e9)
        weights = self.dropout(scores.softmax(dim=-1))
        return self.out_proj(weights @ value)
