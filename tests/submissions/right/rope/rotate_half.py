# style: rotate_half with cosines concatenated with themselves, as in Llama
import torch


def rotate_half(x):
    x1 = x[..., : x.shape[-1] // 2]
    x2 = x[..., x.shape[-1] // 2 :]
    return torch.cat((-x2, x1), dim=-1)


def apply_rope(x, position_ids=None, rope_theta=10000.0):
    dim = x.shape[-1]
    if dim % 2:
        raise ValueError("odd head dim")
    if position_ids is None:
        position_ids = torch.arange(x.shape[-2], device=x.device)
    inv_freq = 1.0 / (rope_theta ** (torch.arange(0, dim, 2, device=x.device).float() / dim))
    freqs = torch.outer(position_ids.float(), inv_freq)
    emb = torch.cat((freqs, freqs), dim=-1)
    cos, sin = emb.cos().to(x.dtype), emb.sin().to(x.dtype)
    return x * cos + rotate_half(x) * sin
