# divided-by-power: multiplied by the square root of d_k instead of divided
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-multiplied
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scale = query.shape[-1] ** -0.5
    logits = torch.einsum("...id,...jd->...ij", query, key) / scale
    if mask is not None:
        logits = torch.where(mask.bool(), logits, -1e9)
    return logits.softmax(dim=-1) @ value
