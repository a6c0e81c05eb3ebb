# style: neighbours as complex numbers, view_as_complex and polar, as in Meta's Llama
import torch


def precompute_freqs_cis(dim, positions, theta):
    steps = torch.arange(0, dim, 2, device=positions.device)[: dim // 2].float()
    freqs = 1.0 / (theta ** (steps / dim))
    freqs = torch.outer(positions.float(), freqs)
    return torch.polar(torch.ones_like(freqs), freqs)


def apply_rope(x, positions=None, base=10000.0):
    assert x.shape[-1] % 2 == 0, "the head dimension has to be even"
    if positions is None:
        positions = torch.arange(x.shape[-2], device=x.device)
    freqs_cis = precompute_freqs_cis(x.shape[-1], positions, base)
    x_ = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2).contiguous())
    return torch.view_as_real(x_ * freqs_cis).flatten(-2).type_as(x)
