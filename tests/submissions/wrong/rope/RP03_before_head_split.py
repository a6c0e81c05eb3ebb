# RP03 before-head-split: the heads are joined to the model's width and turned as one vector
# refused: yes
# check: test_every_leading_axis_is_turned_alike
# named: heads-joined
import torch


def apply_rope(x, positions=None, base=10000.0):
    if x.shape[-1] % 2:
        raise ValueError("odd")
    heads = x.shape[-3] if x.dim() >= 4 else 1
    d_model = heads * x.shape[-1]
    flat = x.transpose(-3, -2).flatten(-2) if x.dim() >= 4 else x
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    freqs = base ** (-torch.arange(0, d_model, 2, device=x.device).float() / d_model)
    angles = positions.float()[:, None] * freqs
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = flat[..., 0::2], flat[..., 1::2]
    flat = torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1).flatten(-2)
    if x.dim() < 4:
        return flat
    return flat.unflatten(-1, (heads, x.shape[-1])).transpose(-3, -2)
