# extra table-kept: cosines are kept by the length, whatever the positions of the call
# refused: yes
# check: test_a_call_uses_its_own_positions_and_base
# named: table-kept
import torch

_cache = {}


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    if d % 2 != 0:
        raise ValueError("odd")
    key = (x.shape[-2], d)
    if key not in _cache:
        if positions is None:
            positions = torch.arange(x.shape[-2], device=x.device)
        freqs = base ** (-torch.arange(0, d, 2, device=x.device).float() / d)
        _cache[key] = positions.float()[:, None] * freqs
    angles = _cache[key]
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)
