# style: a separate causal_mask / padding_mask pair, softmax in float32 and back
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, causal_mask=None, padding_mask=None):
    """Both masks: 1 = may attend. A key has to be visible under both."""
    input_dtype = query.dtype
    scores = torch.matmul(query, key.transpose(-1, -2)).mul(query.size(-1) ** -0.5)

    visible = None
    for mask in (causal_mask, padding_mask):
        if mask is None:
            continue
        mask = mask.to(torch.bool)
        visible = mask if visible is None else visible & mask
    if visible is not None:
        scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)

    # the usual trick of mixed precision: exponentials in float32
    probs = F.softmax(scores, dim=-1, dtype=torch.float32).to(input_dtype)
    return torch.matmul(probs, value)
