# style: nanoGPT: one c_attn for all three, split by sizes, the group folded into the rows
import torch
from torch import nn
from torch.nn import functional as F


class GroupedQueryAttention(nn.Module):
    def __init__(self, n_embd, n_head, n_kv_head):
        super().__init__()
        assert n_embd % n_head == 0 and n_head % n_kv_head == 0
        self.n_head, self.n_kv_head, self.hs = n_head, n_kv_head, n_embd // n_head
        self.c_attn = nn.Linear(n_embd, (n_head + 2 * n_kv_head) * self.hs)
        self.c_proj = nn.Linear(n_embd, n_embd)

    def forward(self, x, mask=None):
        B, T, C = x.size()
        H, K, d = self.n_head, self.n_kv_head, self.hs
        q, k, v = self.c_attn(x).split((C, K * d, K * d), dim=2)
        q = q.view(B, T, K, H // K, d).permute(0, 2, 3, 1, 4).reshape(B, K, -1, d)
        k = k.view(B, T, K, d).transpose(1, 2)
        v = v.view(B, T, K, d).transpose(1, 2)
        att = (q @ k.transpose(-2, -1) * d**-0.5).view(B, H, T, T)
        if mask is not None:
            att = att.masked_fill(mask == 0, float("-inf"))
        att = F.softmax(att, dim=-1)
        if mask is not None:
            att = att.masked_fill(mask == 0, 0.0)
        y = att.view(B, K, -1, T) @ v
        return self.c_proj(y.view(B, H, T, d).transpose(1, 2).reshape(B, T, C))
