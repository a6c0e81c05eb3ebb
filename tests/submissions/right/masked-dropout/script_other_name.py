# style: untyped script, class of another name, softmax by hand, `fc`, prints at import
import math

import torch
import torch.nn as nn

print("loading attention.py")

NEG_INF = -1e20
SEED = 0
torch.manual_seed(SEED)


def my_softmax(t, dim=-1):
    m, _ = torch.max(t, dim=dim, keepdim=True)
    e = torch.exp(t - m)
    return e / torch.sum(e, dim=dim, keepdim=True)


def apply_mask(t, m):
    return t if m is None else t.masked_fill(m.logical_not(), NEG_INF)


class Attn(nn.Module):
    def __init__(self, size, drop=0.1):
        super().__init__()
        self.linear_q = nn.Linear(size, size)
        self.linear_k = nn.Linear(size, size, bias=False)
        self.linear_v = nn.Linear(size, size)
        self.fc = nn.Linear(size, size)
        self.drop = nn.Dropout(drop)

    def forward(self, x, m=None):
        q = self.linear_q(x)
        k = self.linear_k(x)
        v = self.linear_v(x)
        t = torch.matmul(q, k.permute(0, 2, 1)) / math.sqrt(q.size(2))
        t = my_softmax(apply_mask(t, m))
        t = self.drop(t)
        return self.fc(torch.matmul(t, v))


print("done")
