# whole-heads-dropped: dropout drops whole heads (Dropout2d) instead of single weights
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
# named: dropout-shared
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, D, H, p=0.0):
        super().__init__()
        assert D % H == 0
        self.H = H
        self.qkv = nn.Linear(D, 3 * D)
        self.o = nn.Linear(D, D)
        self.drop = nn.Dropout2d(p)

    def forward(self, x, mask=None):
        B, S, D = x.shape
        q, k, v = self.qkv(x).view(B, S, 3, self.H, D // self.H).permute(2, 0, 3, 1, 4)
        a = q @ k.transpose(-2, -1) * (D // self.H) ** -0.5
        if mask is not None:
            a = a.masked_fill(mask == 0, -1e9)
        a = self.drop(a.softmax(-1))
        return self.o((a @ v).transpose(1, 2).reshape(B, S, D))
