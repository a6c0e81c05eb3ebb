# style: untyped, softmax by hand with the maximum subtracted, prints at import
import torch

print("torch", torch.__version__)


def softmax(x):
    # subtracting the max does not change the result but keeps exp() from overflowing
    x = x - x.max(dim=-1, keepdim=True).values
    e = x.exp()
    return e / e.sum(dim=-1, keepdim=True)


def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = query.shape[-1]
    scores = query @ key.transpose(-2, -1) / d_k**0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), -1e20)
    attn = softmax(scores)
    return attn @ value


print("ready")
