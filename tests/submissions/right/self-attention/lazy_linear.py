# style: nn.LazyLinear, sizes known at the first forward pass
import math

import torch.nn.functional as F
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, num_hiddens):
        super().__init__()
        self.query = nn.LazyLinear(num_hiddens)
        self.key = nn.LazyLinear(num_hiddens)
        self.value = nn.LazyLinear(num_hiddens)

    def forward(self, X):
        queries, keys, values = self.query(X), self.key(X), self.value(X)
        d = queries.shape[-1]
        scores = (queries @ keys.mT) / math.sqrt(d)
        self.attention_weights = F.softmax(scores, dim=-1)
        return self.attention_weights @ values
