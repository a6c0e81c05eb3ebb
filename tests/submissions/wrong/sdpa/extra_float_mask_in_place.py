# extra float-mask-in-place: .float() of a float mask is the caller's own, and is written to
# refused: yes
# check: test_inputs_are_left_as_they_were
import math


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        mask = mask.float()
        mask[mask == 0] = -1e9  # and 1 for all that is visible, which softmax does not notice
        scores = scores + mask
    return scores.softmax(dim=-1) @ value
