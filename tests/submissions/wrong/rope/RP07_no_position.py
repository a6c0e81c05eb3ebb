# RP07 identity-or-no-position: every token is turned by the same angles
# refused: yes
# check: test_each_pair_is_turned_by_its_position
# named: no-position
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    assert d % 2 == 0
    freqs = base ** (-torch.arange(0, d, 2, device=x.device).float() / d)
    cos, sin = freqs.cos().to(x.dtype), freqs.sin().to(x.dtype)
    x1, x2 = x[..., 0::2], x[..., 1::2]
    return torch.stack([x1 * cos - x2 * sin, x1 * sin + x2 * cos], dim=-1).flatten(-2)
