# MD15 if-mask: asks a tensor of many elements whether it is true
# refused: yes
# check: test_computes_attention_itself
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, d, dropout=0.1):
        super().__init__()
        self.d = d
        self.qkv = nn.Linear(d, 3 * d)
        self.out = nn.Linear(d, d)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = q @ k.mT / self.d**0.5
        if mask:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        return self.out(self.dropout(F.softmax(scores, -1)) @ v)
