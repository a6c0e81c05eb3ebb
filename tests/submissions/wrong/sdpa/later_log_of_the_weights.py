# log-of-the-weights: log_softmax in the place of softmax
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: not-a-softmax|no-softmax
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / d_k**0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.matmul(F.log_softmax(scores, dim=-1), value)
