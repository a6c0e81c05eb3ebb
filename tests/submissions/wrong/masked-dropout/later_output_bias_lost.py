# output-bias-lost: the bias of the output projection exists and is not added
# refused: yes
# check: test_is_projected_attention_within_x
# named: bias-ignored
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, d, p=0.1):
        super().__init__()
        self.p = p
        self.W = nn.Linear(d, 3 * d)
        self.O = nn.Linear(d, d)

    def forward(self, x, m=None):
        q, k, v = self.W(x).chunk(3, -1)
        a = q @ k.mT / q.size(-1) ** .5
        if m is not None:
            a = a.masked_fill(m == 0, -1e9)
        a = F.dropout(a.softmax(-1), self.p, self.training)
        return (a @ v) @ self.O.weight.T
