# MD17 dropout-on-output-or-V: the values are dropped instead of the weights
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
import warnings

import torch
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.nn.utils import weight_norm


class MaskedSelfAttention(nn.Module):
    def __init__(self, channels, p=0.1):
        super().__init__()
        self.proj = nn.ModuleDict(
            {name: weight_norm(nn.Linear(channels, channels)) for name in ("q", "k", "v", "out")}
        )
        self.drop = nn.Dropout(p)

    def forward(self, x, mask=None):
        q, k, v = (self.proj[name](x) for name in "qkv")
        scores = torch.bmm(q, k.transpose(1, 2)) * x.size(-1) ** -0.5
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        return self.proj["out"](torch.bmm(weights, self.drop(v)))
