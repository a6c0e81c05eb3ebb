# RP12 partial-rotary: only the first half of the features is turned
# refused: yes
# check: test_each_pair_is_turned_by_its_position
# named: partial-rotary
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    assert d % 2 == 0
    rotary_dim = d // 2 // 2 * 2
    rot, keep = x[..., :rotary_dim], x[..., rotary_dim:]
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    freqs = base ** (-torch.arange(0, rotary_dim, 2, device=x.device).float() / max(rotary_dim, 1))
    angles = positions.float()[:, None] * freqs
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = rot[..., ::2], rot[..., 1::2]
    turned = torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1).flatten(-2)
    return torch.cat((turned, keep), dim=-1)
