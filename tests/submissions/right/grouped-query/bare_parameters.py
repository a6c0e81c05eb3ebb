# style: bare parameters (in, out), one index of groups for keys and values
import torch
from torch import nn


class GroupedQueryAttention(nn.Module):
    def __init__(self, width, n_head, n_kv_head):
        super().__init__()
        assert width % n_head == 0, "width"
        assert n_head % n_kv_head == 0, "groups"
        self.n_head, self.n_kv_head = n_head, n_kv_head
        size = width // n_head
        self.w_q = nn.Parameter(torch.randn(width, width) / width**0.5)
        self.w_k = nn.Parameter(torch.randn(width, n_kv_head * size) / width**0.5)
        self.w_v = nn.Parameter(torch.randn(width, n_kv_head * size) / width**0.5)
        self.w_o = nn.Parameter(torch.randn(width, width) / width**0.5)

    def forward(self, x, mask=None):
        group = torch.arange(self.n_head, device=x.device) // (self.n_head // self.n_kv_head)
        q = (x @ self.w_q).unflatten(-1, (self.n_head, -1)).transpose(1, 2)
        k = (x @ self.w_k).unflatten(-1, (self.n_kv_head, -1)).transpose(1, 2)[:, group]
        v = (x @ self.w_v).unflatten(-1, (self.n_kv_head, -1)).transpose(1, 2)[:, group]
        z = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5
        if mask is not None:
            z = z.masked_fill(mask.logical_not(), -1e20)
        z = (z - z.amax(-1, keepdim=True)).exp()
        return (z / z.sum(-1, keepdim=True) @ v).transpose(1, 2).flatten(2) @ self.w_o
