# activated-projection: a ReLU is put on the fused projection, so on query, key and value alike
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: activation-on-projections
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.qkv = nn.Sequential(nn.Linear(hidden_dim, 3 * hidden_dim), nn.ReLU())
        self.norm_factor = hidden_dim ** -0.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        attn = torch.einsum("bid,bjd->bij", query, key).mul(self.norm_factor).softmax(-1)
        return torch.einsum("bij,bjd->bid", attn, value)
