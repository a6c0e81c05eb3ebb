# extra square-mask-is-triangular: a mask as wide as it is high is taken for a triangle
# refused: yes
# check: test_a_mask_lines_up_from_the_right_where_sizes_are_equal_by_chance
import math


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        if mask.dim() > 1 and mask.size(-2) == mask.size(-1):
            mask = mask.tril()
        scores = scores.masked_fill(mask == 0, -1e9)
    return scores.softmax(dim=-1) @ value
