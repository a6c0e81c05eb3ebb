# floored-root: the root is cut to a whole number
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-rounded
import torch


def attention(q, k, v, mask=None):
    scale = 1 / int(q.shape[-1] ** 0.5)
    dots = torch.einsum("...id,...jd->...ij", q, k) * scale
    if mask is not None:
        dots = torch.where(mask.bool(), dots, torch.finfo(dots.dtype).min)
    weights = dots.softmax(dim=-1)
    return torch.einsum("...ij,...jd->...id", weights, v)
