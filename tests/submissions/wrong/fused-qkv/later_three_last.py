# three-last: the fused output is reshaped to (B, S, D, 3), which interleaves query, key and value
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: interleaved-layout
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, hidden_dim * 3, bias=False)
        self.scale = hidden_dim ** -0.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, n, _ = x.shape
        qkv = self.qkv(x).reshape(b, n, self.hidden_dim, 3)
        q, k, v = qkv.unbind(-1)
        attn = torch.einsum("bid,bjd->bij", q, k) * self.scale
        attn = attn.softmax(-1)
        return torch.einsum("bij,bjd->bid", attn, v)
