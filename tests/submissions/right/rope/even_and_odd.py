# style: even and odd slices written into an empty tensor, frequencies by exp and log
import math

import torch


def apply_rope(x, positions=None, base=10000.0):
    *_, S, d = x.shape
    if d % 2 != 0:
        raise ValueError(f"d must be even, got {d}")
    pos = torch.arange(S, device=x.device) if positions is None else positions
    two_i = torch.arange(0, d, 2, device=x.device, dtype=torch.float32)
    theta = torch.exp(-math.log(base) * two_i / d)
    angle = pos.unsqueeze(-1).to(torch.float32) * theta
    sin, cos = torch.sin(angle).to(x.dtype), torch.cos(angle).to(x.dtype)
    out = torch.empty_like(x)
    out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return out
