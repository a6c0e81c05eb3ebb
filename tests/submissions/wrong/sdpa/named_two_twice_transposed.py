# two-twice-transposed: softmax twice, and the mask is transposed
# refused: yes
# check: test_computes_attention_itself
# named: softmax-twice, mask-transposed
import torch


def attention(q, k, v, mask=None):
    scale = q.shape[-1] ** -0.5
    dots = torch.einsum("...id,...jd->...ij", q, k) * scale
    if mask is not None:
        dots = dots.masked_fill(mask.mT == 0, -1e9)
    weights = dots.softmax(dim=-1).softmax(dim=-1)
    return torch.einsum("...ij,...jd->...id", weights, v)
