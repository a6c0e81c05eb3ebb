# zero-times-inf: the mask's bias is (1 - mask) times minus infinity, which is NaN where a key is visible
# refused: yes
# check: test_weights_of_a_query_sum_to_one_over_the_keys
# named: infinity-times-zero
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, attn_mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1))
    scores = scores * (key.shape[-1] ** -0.5)
    if attn_mask is not None:
        attn_mask = attn_mask.to(scores.dtype)
        scores = scores + (1 - attn_mask) * float("-inf")
    return torch.matmul(F.softmax(scores, -1), value)
