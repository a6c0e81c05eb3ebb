# no-scaling: the scores are not scaled
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: no-scale
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, emb, heads, dropout=0.0):
        super().__init__()
        assert emb % heads == 0, f'Embedding dimension ({emb}) should be divisible by nr. of heads ({heads})'
        self.emb = emb
        self.heads = heads
        self.tokeys = nn.Linear(emb, emb, bias=False)
        self.toqueries = nn.Linear(emb, emb, bias=False)
        self.tovalues = nn.Linear(emb, emb, bias=False)
        self.unifyheads = nn.Linear(emb, emb)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        b, t, e = x.size()
        h = self.heads
        s = e // h
        keys = self.tokeys(x).view(b, t, h, s).transpose(1, 2)
        queries = self.toqueries(x).view(b, t, h, s).transpose(1, 2)
        values = self.tovalues(x).view(b, t, h, s).transpose(1, 2)
        dot = torch.einsum("bhis,bhjs->bhij", queries, keys)
        if mask is not None:
            dot = dot.masked_fill(mask == 0, float("-inf"))
        dot = self.dropout(F.softmax(dot, dim=-1))
        out = torch.matmul(dot, values).transpose(1, 2).contiguous().view(b, t, e)
        return self.unifyheads(out)
