# unscaled-peek: the scores are not scaled; a position sees one position ahead
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: leaks-one, no-scale
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, D, H, p=0.0):
        super().__init__()
        assert D % H == 0
        self.H = H
        self.i = nn.Linear(D, 3 * D)
        self.o = nn.Linear(D, D)
        self.p = nn.Dropout(p)

    def forward(self, x, m=None):
        B, S, D = x.shape
        q, k, v = self.i(x).view(B, S, 3, self.H, D // self.H).permute(2, 0, 3, 1, 4)
        a = q @ k.mT
        f = torch.triu(torch.ones(S, S, device=x.device), diagonal=2).bool()
        a = a.masked_fill(f, -1e9)
        if m is not None:
            a = a.masked_fill(m == 0, -1e9)
        a = self.p(a.softmax(-1))
        return self.o((a @ v).transpose(1, 2).reshape(B, S, D))
