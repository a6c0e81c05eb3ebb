# kata: self-attention
# verdict: accepted
# why: three square weights whose names say nothing about their roles: its answers tell
# says: apple
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.apple = nn.Linear(hidden_dim, hidden_dim)
        self.pear = nn.Linear(hidden_dim, hidden_dim)
        self.plum = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        query, key, value = self.apple(x), self.pear(x), self.plum(x)
        weights = (query @ key.transpose(-2, -1) / x.size(-1) ** 0.5).softmax(dim=-1)
        return weights @ value
