# scale-missing: the scores are not scaled
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: no-scale
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, D, H, p=0.0):
        super().__init__()
        assert D % H == 0
        self.H, self.d = H, D // H
        self.A = nn.Linear(D, 3 * D)
        self.P = nn.Linear(D, D)
        self.drop = nn.Dropout(p)

    def forward(self, x, pad=None):
        B, T, D = x.shape
        q, k, v = self.A(x).split(D, -1)
        q, k, v = (z.view(B, T, self.H, self.d) for z in (q, k, v))
        w = torch.einsum("bthd,bshd->bhts", q, k)
        w = w + torch.full((T, T), float("-inf"), dtype=x.dtype, device=x.device).triu(1)
        if pad is not None:
            w = w.masked_fill(pad == 0, float("-inf"))
        w = self.drop(w.softmax(-1))
        return self.P(torch.einsum("bhts,bshd->bthd", w, v).reshape(B, T, D))
