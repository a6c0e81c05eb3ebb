# clamp-float-bias: the scores are clamped to ±30; a mask of floats is added to the scores instead of hiding where it is zero
# refused: yes
# check: test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype
# named: scores-squashed, mask-added
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # (..., L, S)
    scores = torch.matmul(query, key.transpose(-2, -1)) * query.size(-1) ** -0.5
    # keep exp() in range
    scores = scores.clamp(min=-30.0, max=30.0)
    if mask is not None:
        if torch.is_floating_point(mask):
            scores = scores + mask.to(scores.dtype)
        else:
            scores = scores.masked_fill(mask == 0, float("-inf"))
    scores = scores - scores.amax(dim=-1, keepdim=True)
    w = torch.exp(scores)
    w = w / w.sum(dim=-1, keepdim=True)
    return torch.matmul(w, value)
