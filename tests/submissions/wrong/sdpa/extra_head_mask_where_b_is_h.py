# extra head-mask-where-b-is-h: where B = H, a mask of heads is taken for one of batches
# refused: yes
# check: test_a_mask_lines_up_from_the_right_where_sizes_are_equal_by_chance
import math


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        if mask.dim() == 3 and scores.dim() == 4 and mask.size(0) == scores.size(0):
            mask = mask.unsqueeze(1)
        scores = scores.masked_fill(mask == 0, -1e9)
    return scores.softmax(dim=-1) @ value
