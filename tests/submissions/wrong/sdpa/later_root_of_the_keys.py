# root-of-the-keys: the scale is the root of the number of keys
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-of-another-size|scale-wrong-axis|scale-wrong-size|scale-other
import torch


def scaled_dot_product_attention(q, k, v, mask=None):
    n = k.shape[-2]
    att = torch.einsum("...id,...jd->...ij", q, k) * n**-0.5
    if mask is not None:
        att = att.where(mask.bool(), torch.tensor(-1e30))
    return torch.einsum("...ij,...jd->...id", att.softmax(-1), v)
