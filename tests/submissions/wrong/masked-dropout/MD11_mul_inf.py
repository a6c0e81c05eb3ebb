# MD11 mul-inf: (1 - mask) * -inf is 0 * inf = NaN wherever the key is visible
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, drop=0.1):
        super().__init__()
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.scale = dim**-0.5
        self.drop = nn.Dropout(drop)

    def forward(self, x, mask=None):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        sim = torch.einsum("bid,bjd->bij", q, k) * self.scale
        if mask is not None:
            sim = sim + (1.0 - mask.float()) * float("-inf")
        attn = self.drop(F.softmax(sim, dim=-1))
        return self.to_out(torch.einsum("bij,bjd->bid", attn, v))
