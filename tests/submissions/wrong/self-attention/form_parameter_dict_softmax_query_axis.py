# SD05 softmax-query-axis: the softmax runs over the queries
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
from torch import nn


class SelfAttention_v1(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.weight = nn.ParameterDict(
            {name: nn.Parameter(torch.rand(d_in, d_out)) for name in ("query", "key", "value")}
        )
        self.bias = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(1, 1, d_out)) for name in ("query", "key", "value")}
        )

    def project(self, x, name):
        return x @ self.weight[name] + self.bias[name]

    def forward(self, x):
        queries, keys = self.project(x, "query"), self.project(x, "key")
        attn_scores = queries @ keys.transpose(1, 2)
        return torch.softmax(attn_scores / keys.shape[-1] ** 0.5, dim=1) @ self.project(x, "value")
