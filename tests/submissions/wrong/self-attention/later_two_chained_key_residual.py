# chained-key-residual: the key is projected from the query instead of from x; the input is added as a residual
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: projected-from-another, extra-residual-or-norm|residual-inside
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.dim = dim
        self.layers = nn.ModuleDict({
            "query": nn.Linear(dim, dim),
            "key": nn.Linear(dim, dim),
            "value": nn.Linear(dim, dim),
        })

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.layers["query"](x)
        k = self.layers["key"](q)
        v = self.layers["value"](x)
        att = torch.matmul(q, k.transpose(-2, -1)) * (self.dim ** -0.5)
        att = att.softmax(dim=-1)
        y = torch.matmul(att, v)
        return y + x
