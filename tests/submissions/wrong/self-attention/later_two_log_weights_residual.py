# log-weights-residual: log_softmax is taken instead of softmax; the input is added as a residual
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: not-a-softmax, extra-residual-or-norm
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, emb):
        super().__init__()
        self.emb = emb
        self.toqueries = nn.Linear(emb, emb, bias=False)
        self.tokeys = nn.Linear(emb, emb, bias=False)
        self.tovalues = nn.Linear(emb, emb, bias=False)

    def forward(self, x):
        b, t, e = x.size()
        queries = self.toqueries(x)
        keys = self.tokeys(x)
        values = self.tovalues(x)
        dot = torch.bmm(queries, keys.transpose(1, 2)) / e ** 0.5
        dot = torch.log_softmax(dot, dim=2)
        return torch.bmm(dot, values) + x
