# RP10 only-q: of the two stacked in front, the query is turned and the key is not
# refused: yes
# check: test_every_leading_axis_is_turned_alike
# named: only-the-first-turned
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    if d % 2 != 0:
        raise ValueError("odd")
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    angles = positions.float()[:, None] * base ** (-torch.arange(0, d, 2, device=x.device) / d)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    turned = torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)
    if x.dim() < 3:
        return turned
    return torch.cat((turned[:1], x[1:]))
