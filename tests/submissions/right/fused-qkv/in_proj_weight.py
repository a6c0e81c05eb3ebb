# style: like nn.MultiheadAttention: bare in_proj_weight (3D, D) and in_proj_bias, F.linear
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import Parameter


class FusedSelfAttention(nn.Module):
    def __init__(self, embed_dim):
        super().__init__()
        self.embed_dim = embed_dim
        self.in_proj_weight = Parameter(torch.empty((3 * embed_dim, embed_dim)))
        self.in_proj_bias = Parameter(torch.empty(3 * embed_dim))
        self._reset_parameters()

    def _reset_parameters(self):
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.constant_(self.in_proj_bias, 0.0)

    def forward(self, x):
        E = self.embed_dim
        proj = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        # one more dimension for q, k, v, moved to the front
        proj = proj.unflatten(-1, (3, E)).unsqueeze(0).transpose(0, -2).squeeze(-2)
        q, k, v = proj[0], proj[1], proj[2]
        attn = torch.bmm(q / E**0.5, k.transpose(-2, -1)).softmax(dim=-1)
        return torch.bmm(attn, v)
