# extra added-not-turned: sines and cosines are added to x, as in the embeddings of 2017
# refused: yes
# check: test_position_zero_stays_as_it_is
# named: added-not-turned
import torch


def apply_rope(x, positions=None, base=10000.0):
    d = x.shape[-1]
    assert d % 2 == 0
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    angles = positions.float()[:, None] * base ** (-torch.arange(0, d, 2, device=x.device) / d)
    return x + torch.cat((angles.sin(), angles.cos()), dim=-1).to(x.dtype)
