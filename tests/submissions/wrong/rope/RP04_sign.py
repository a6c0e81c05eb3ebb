# RP04 sign: the complex numbers are multiplied by e^(-ipθ)
# refused: yes
# check: test_each_pair_is_turned_by_its_position
# named: sign
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    assert d % 2 == 0
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    theta = base ** (-torch.arange(0, d, 2, device=x.device).float() / d)
    angles = torch.outer(positions.float(), theta)
    z = torch.view_as_complex(x.float().reshape(*x.shape[:-1], d // 2, 2))
    z = z * torch.polar(torch.ones_like(angles), -angles)
    return torch.view_as_real(z).reshape(x.shape).to(x.dtype)
