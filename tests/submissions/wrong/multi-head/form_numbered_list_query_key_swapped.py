# form-numbered-list-query-key-swapped: a list of layers, in order; keys ask
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: query-key-swapped
import math, torch
from torch import nn

class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, h, dropout=0.0):
        super().__init__()
        assert d_model % h == 0
        self.d_k = d_model // h
        self.h = h
        self.linears = nn.ModuleList([nn.Linear(d_model, d_model) for _ in range(4)])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        B, S, D = x.shape
        query, key, value = [l(x).view(B, S, self.h, self.d_k).transpose(1, 2) for l in self.linears[:3]]
        scores = key @ query.transpose(-2, -1) / math.sqrt(self.d_k)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        w = self.dropout(scores.softmax(-1))
        out = (w @ value).transpose(1, 2).contiguous().view(B, S, D)
        return self.linears[3](out)
