# RP05 exponent-i/d: the pairs are counted 0, 1, 2 … and divided by d
# refused: yes
# check: test_the_base_sets_the_pace_of_every_pair
# named: exponent
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.size(-1)
    if d % 2 != 0:
        raise ValueError("even widths only")
    half = d // 2
    if positions is None:
        positions = torch.arange(x.size(-2), device=x.device)
    freq = 1.0 / base ** (torch.arange(half, device=x.device) / d)
    angle = positions.unsqueeze(1) * freq.unsqueeze(0)
    a, b = x[..., :half], x[..., half:]
    c, s = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    return torch.cat([a * c - b * s, b * c + a * s], dim=-1)
