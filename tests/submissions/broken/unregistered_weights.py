# kata: self-attention
# verdict: invalid_submission
# why: the projections hide in a plain list, so the layer has no parameters
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.projections = [nn.Linear(hidden_dim, hidden_dim) for _ in range(3)]

    def forward(self, x):
        query, key, value = (projection(x) for projection in self.projections)
        weights = (query @ key.transpose(-2, -1) / x.size(-1) ** 0.5).softmax(dim=-1)
        return weights @ value
