# style: entry point under another name, lambdas and constants beside it, (1 - mask) * -1e9 added
import torch
import torch.nn.functional as F

BIG = -1e9
swap = lambda t: t.transpose(-2, -1)  # noqa: E731
scale_of = lambda t: t.size(-1) ** 0.5  # noqa: E731


def to_bias(mask, dtype):
    return (1.0 - mask.to(dtype)) * BIG


def dot_product_attention(q, k, v, m=None):
    logits = torch.matmul(q, swap(k))
    logits = logits / scale_of(q)
    if m is not None:
        logits = logits + to_bias(m, logits.dtype)
    return torch.matmul(F.softmax(logits, dim=-1), v)
