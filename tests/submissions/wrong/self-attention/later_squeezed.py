# squeezed: the output is squeezed and loses the axes of length one (batch 1, length 1)
# refused: yes
# check: test_output_has_the_shape_of_x
# named: squeezed
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.d = d
        self.wq, self.wk, self.wv = (nn.Linear(d, d) for _ in range(3))

    def forward(self, x):
        q, k, v = self.wq(x), self.wk(x), self.wv(x)
        s = torch.einsum("bqd,bkd->bqk", q, k) / self.d ** 0.5
        w = F.softmax(s, dim=-1)
        return torch.einsum("bqk,bkd->bqd", w, v).squeeze()
