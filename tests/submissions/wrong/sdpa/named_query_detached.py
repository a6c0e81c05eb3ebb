# query-detached: the query takes no part in the gradient
# refused: yes
# check: test_gradients_reach_query_key_and_value
# named: gradient-cut
import torch


def attention(q, k, v, mask=None):
    scale = q.shape[-1] ** -0.5
    dots = torch.einsum("...id,...jd->...ij", q.detach(), k) * scale
    if mask is not None:
        dots = torch.where(mask.bool(), dots, torch.finfo(dots.dtype).min)
    weights = dots.softmax(dim=-1)
    return torch.einsum("...ij,...jd->...id", weights, v)
