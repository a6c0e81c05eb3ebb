# style: c_attn and c_proj, layer_past stacked into one tensor, as in GPT-2
import math

import torch
from torch import nn


class CachedSelfAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        assert n_embd % n_head == 0
        self.n_head = n_head
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)

    def forward(self, x, layer_past=None):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (t.reshape(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in (q, k, v))
        if layer_past is not None:
            past_key, past_value = layer_past.unbind(0)
            k, v = torch.cat((past_key, k), dim=-2), torch.cat((past_value, v), dim=-2)
        present = torch.stack((k, v))
        w = q @ k.transpose(-2, -1) * (1.0 / math.sqrt(k.size(-1)))
        nd, ns = w.shape[-2:]
        b = torch.tril(torch.ones(nd, ns, device=x.device, dtype=torch.bool), diagonal=ns - nd)
        w = torch.where(b, w, torch.full_like(w, float("-inf")))
        a = torch.softmax(w, dim=-1) @ v
        return self.c_proj(a.transpose(1, 2).reshape(B, T, C)), present
