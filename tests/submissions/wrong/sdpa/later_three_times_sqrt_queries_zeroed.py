# times-sqrt-queries-zeroed: multiplied by the square root of d_k instead of divided; softmax over the queries; hidden scores are set to zero instead of minus infinity
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: softmax-over-queries, scale-multiplied, fill-near-zero
import math
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    dim_k = query.shape[-1]
    scores = torch.matmul(query, key.transpose(-2, -1)) * math.sqrt(dim_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, 0)
    scores = torch.softmax(scores, dim=-2)
    return torch.matmul(scores, value)
