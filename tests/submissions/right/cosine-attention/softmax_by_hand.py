# style: the softmax by hand with its maximum subtracted, a penalty for hidden keys
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    def direction(x):
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return torch.where(norm > 0, x / torch.where(norm > 0, norm, torch.ones_like(norm)), x)

    logits = direction(query) @ direction(key).transpose(-2, -1) / temperature
    if mask is not None:
        logits = logits - (mask == 0).to(logits.dtype) * 1e6
    logits = logits - logits.amax(dim=-1, keepdim=True)
    exps = logits.exp()
    return (exps @ value) / exps.sum(dim=-1, keepdim=True)
