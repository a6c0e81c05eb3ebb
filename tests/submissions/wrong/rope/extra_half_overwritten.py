# extra half-overwritten: the first half is written before the second is computed from it
# refused: yes
# check: test_each_pair_is_turned_by_its_position
# named: half-overwritten
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    assert d % 2 == 0
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    angles = torch.outer(positions.float(), base ** (-torch.arange(0, d, 2, device=x.device) / d))
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    out = x.clone()
    out[..., : d // 2] = out[..., : d // 2] * cos - out[..., d // 2 :] * sin
    out[..., d // 2 :] = out[..., d // 2 :] * cos + out[..., : d // 2] * sin
    return out
