# style: a buffer that is copied before it is written, with its fill level, bias of −inf added
import torch
from torch import nn


class CachedSelfAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        assert dim % heads == 0, "dim must be divisible by heads"
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x, cache=None):
        b, n, _ = x.shape
        q, k, v = self.to_qkv(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        filled = 0 if cache is None else cache["filled"]
        total = filled + n
        room = k.new_zeros(2, b, self.heads, total, k.size(-1))
        if cache is not None:
            room[:, :, :, :filled] = cache["kv"][:, :, :, :filled]
        room[:, :, :, filled:] = torch.stack((k, v))
        keys, values = room
        dots = (q * self.scale) @ keys.mT
        bias = torch.full((n, total), float("-inf"), device=x.device, dtype=x.dtype)
        attn = (dots + bias.triu(filled + 1)).softmax(dim=-1)
        out = self.to_out((attn @ values).transpose(1, 2).reshape(b, n, -1))
        return out, {"kv": room, "filled": total}
