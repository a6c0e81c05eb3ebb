# RP06 restart-with-cache: positions are taken and not used, so a cached step starts at 0 again
# refused: yes
# check: test_positions_may_be_given_in_any_order
# named: positions-ignored
import torch


def apply_rope(x, positions=None, base=10000.0):
    seq_len, d = x.shape[-2:]
    if d % 2:
        raise ValueError("d")
    t = torch.arange(seq_len, device=x.device, dtype=torch.float32)
    freqs = torch.einsum("i,j->ij", t, base ** -(torch.arange(0, d, 2, device=x.device) / d))
    cos, sin = freqs.cos().to(x.dtype), freqs.sin().to(x.dtype)
    x1, x2 = x.chunk(2, dim=-1)
    return torch.cat([x1 * cos - x2 * sin, x2 * cos + x1 * sin], dim=-1)
