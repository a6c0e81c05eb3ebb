# AD03 softmax-dim: over the queries
# refused: yes
# check: test_weights_of_a_query_sum_to_one_over_the_keys
# named: softmax-over-queries
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
        alpha = alpha.softmax(dim=1)
        return torch.einsum("bls,bsd->bld", alpha, v)
