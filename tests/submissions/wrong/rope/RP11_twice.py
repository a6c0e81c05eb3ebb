# RP11 twice: turned once here and once more on the way out
# refused: yes
# check: test_each_pair_is_turned_by_its_position
# named: turned-twice
import torch


def rotate(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    if d % 2 != 0:
        raise ValueError("odd")
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    angles = positions.float()[:, None] * base ** (-torch.arange(0, d, 2, device=x.device) / d)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    x = rotate(x, cos, sin)
    return rotate(x, cos, sin)
