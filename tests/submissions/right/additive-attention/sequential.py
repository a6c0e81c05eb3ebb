# style: the network is an nn.Sequential, applied to pairs that are expanded and put together
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, q_dim, k_dim, attn_dim):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(q_dim + k_dim, attn_dim), nn.Tanh(), nn.Linear(attn_dim, 1))

    def forward(self, q, k, v, mask=None):
        shape = (q.shape[0], q.shape[1], k.shape[1], -1)
        both = torch.cat([q[:, :, None].expand(shape), k[:, None].expand(shape)], dim=-1)
        alpha = self.mlp(both)[..., 0]
        if mask is not None:
            alpha = torch.where(mask.bool(), alpha, torch.finfo(alpha.dtype).min)
        alpha = alpha.softmax(dim=2)
        return torch.einsum("bls,bsd->bld", alpha, v)
