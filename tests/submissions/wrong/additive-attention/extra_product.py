# extra product: general attention with a row on top
# refused: yes
# check: test_is_the_softmax_of_the_networks_scores_times_value
# named: product-for-sum
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.W = nn.Parameter(torch.randn(query_dim, hidden_dim) * query_dim**-0.5)
        self.U = nn.Parameter(torch.randn(key_dim, hidden_dim) * key_dim**-0.5)
        self.a = nn.Parameter(torch.randn(1, hidden_dim) * hidden_dim**-0.5)

    def forward(self, query, key, value, mask=None):
        q = torch.einsum("bld,dh->blh", query, self.W)
        k = torch.einsum("bsd,dh->bsh", key, self.U)
        e = torch.einsum("blsh,oh->bls", (q[:, :, None] * k[:, None]).tanh(), self.a)
        if mask is not None:
            e = e.masked_fill(mask == 0, torch.finfo(e.dtype).min)
        a = e.softmax(-1)
        if mask is not None:
            a = a * (mask != 0)
        return torch.einsum("bls,bsv->blv", a, value)
