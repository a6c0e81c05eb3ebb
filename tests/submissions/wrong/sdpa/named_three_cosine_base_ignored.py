# three-cosine-base-ignored: cosines, powers of two, and the mask is not used
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: cosine-scores, softmax-base-two, mask-ignored|fill-discarded
import torch


def attention(q, k, v, mask=None):
    scale = q.shape[-1] ** -0.5
    dots = torch.einsum("...id,...jd->...ij", torch.nn.functional.normalize(q, dim=-1), torch.nn.functional.normalize(k, dim=-1)) * scale
    if mask is not None:
        dots.masked_fill(mask == 0, -1e9)
    weights = (2.0**dots) / (2.0**dots).sum(-1, keepdim=True)
    return torch.einsum("...ij,...jd->...id", weights, v)
