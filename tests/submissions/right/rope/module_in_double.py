# style: a module with the base in its constructor, angles in float64, cosines repeated
import torch
import torch.nn as nn


class RotaryEmbedding(nn.Module):
    def __init__(self, base=10000.0):
        super().__init__()
        self.base = base

    def forward(self, x, positions=None):
        dim = x.size(-1)
        if dim % 2 == 1:
            raise ValueError("dim must be even")
        if positions is None:
            positions = torch.arange(x.size(-2), device=x.device)
        steps = torch.arange(0, dim, 2, dtype=torch.float64, device=x.device)
        angles = positions.double()[:, None] / self.base ** (steps / dim)
        cos = angles.cos().repeat_interleave(2, -1).to(x.dtype)
        sin = angles.sin().repeat_interleave(2, -1).to(x.dtype)
        turned = torch.stack((-x[..., 1::2], x[..., ::2]), -1).reshape(x.shape)
        return x * cos + turned * sin


apply_rope = RotaryEmbedding
