# RP09 odd-dim: of an odd width the last feature is passed through
# refused: yes
# check: test_an_odd_width_never_gives_a_result
# named: odd-width
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1] // 2 * 2
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    freqs = base ** (-torch.arange(0, d, 2, device=x.device).float() / x.shape[-1])
    angles = positions.float()[:, None] * freqs
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    x1, x2, rest = x[..., : d // 2], x[..., d // 2 : d], x[..., d:]
    return torch.cat((x1 * cos - x2 * sin, x1 * sin + x2 * cos, rest), dim=-1)
