# style: an einsum with one 2×2 rotation for each pair and position
import torch
from torch import Tensor


def apply_rope(x: Tensor, positions: Tensor | None = None, base: float = 10000.0) -> Tensor:
    d = x.size(-1)
    assert d % 2 == 0
    if positions is None:
        positions = torch.arange(x.size(-2), device=x.device)
    freq = torch.pow(base, -torch.arange(0, d, 2, device=x.device, dtype=torch.float32) / d)
    angle = positions[:, None] * freq[None, :]
    cos, sin = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    pairs = x.reshape(*x.shape[:-1], d // 2, 2)
    return torch.einsum("sdij,...sdj->...sdi", rotation.to(x.dtype), pairs).reshape(x.shape)
