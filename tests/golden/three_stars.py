# kata: sdpa
import torch


def attention(q, k, v, mask=None):
    weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1)
    if mask is not None:
        scores = q @ k.mT / q.shape[-1] ** 0.5
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        weights = scores.softmax(dim=-1).masked_fill(mask == 0, 0.0)
    return weights @ v
