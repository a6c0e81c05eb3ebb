# extra sequence-axis: made for (batch, sequence, heads, d), so heads are turned by their number
# refused: yes
# check: test_the_sequence_is_the_axis_before_the_last
# named: sequence-axis
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    assert d % 2 == 0
    axis = -3 if x.dim() >= 4 else -2
    if positions is None:
        positions = torch.arange(x.shape[axis], device=x.device)
    freqs = base ** (-torch.arange(0, d, 2, device=x.device).float() / d)
    angles = positions.float()[:, None] * freqs
    if axis == -3:
        angles = angles[:, None, :]
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., ::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1).flatten(-2)
