# length-scale-sign-squeeze: scaled by the number of keys instead of the width; the mask's bias is 1e-9 instead of -1e9, so nothing is hidden; the result is squeezed and loses axes of length one
# refused: yes
# check: test_context_has_a_row_per_query_and_a_column_per_value
# named: scale-wrong-axis, squeezed, fill-discarded
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    n = key.shape[-2]
    scores = query @ key.transpose(-2, -1) / n ** 0.5
    if mask is not None:
        bias = (1.0 - mask.float()) * 1e-9
        scores = scores + bias
    weights = scores.softmax(dim=-1)
    context = weights @ value
    return context.squeeze()
