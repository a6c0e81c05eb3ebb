# SD15 fp32-constant: sqrt(d_k) is rounded to float32, float64 results are off by about 1e-8
# refused: no - float64 is asked to 1e-5, and a 0-dim constant changes neither dtype nor device
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scale = torch.sqrt(torch.tensor(query.size(-1), dtype=torch.float32))
    scores = query @ key.transpose(-2, -1) / scale
    if mask is None:
        return torch.softmax(scores, dim=-1) @ value
    hidden = mask == 0
    scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1).masked_fill(hidden, 0.0)
    return weights @ value
