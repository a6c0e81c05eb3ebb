# value-twice-d: the value projection is applied twice; divided by the width without the square root
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: projected-twice, scale-by-d
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.to_q = nn.Linear(hidden_dim, hidden_dim)
        self.to_k = nn.Linear(hidden_dim, hidden_dim)
        self.to_v = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        d = x.shape[-1]
        q, k = self.to_q(x), self.to_k(x)
        v = self.to_v(self.to_v(x))
        a = (q @ k.mT / d).softmax(-1)
        return a @ v
