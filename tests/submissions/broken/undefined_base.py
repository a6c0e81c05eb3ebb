# kata: self-attention
# verdict: invalid_submission
# why: derives from a name that was never imported
# says: add the line `from torch.nn import Module`
import torch.nn as nn


class SelfAttention(Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        query, key, value = self.query_proj(x), self.key_proj(x), self.value_proj(x)
        weights = (query @ key.transpose(-2, -1) / x.size(-1) ** 0.5).softmax(dim=-1)
        return weights @ value
