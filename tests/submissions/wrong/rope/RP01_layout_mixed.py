# RP01 layout-mixed: cosines concatenated as for halves, neighbours swapped as for pairs
# refused: yes
# check: test_dot_products_depend_on_the_distance_alone
# named: layout-mixed
import torch


def rotate(x):
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack((-odd, even), dim=-1).flatten(-2)


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    if d % 2:
        raise ValueError("d must be even")
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    inv_freq = base ** (-torch.arange(0, d, 2, device=x.device).float() / d)
    freqs = positions.float()[:, None] * inv_freq
    emb = torch.cat([freqs, freqs], dim=-1)
    return (x * emb.cos() + rotate(x) * emb.sin()).to(x.dtype)
