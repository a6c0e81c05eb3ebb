# SD06 softmax-batch-or-head-axis: softmax over dimension 0, the batch
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    dk = torch.tensor(query.shape[-1], dtype=query.dtype)
    scores = query.matmul(key.transpose(-2, -1)) / torch.sqrt(dk)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    # rows have to sum to one
    weights = F.softmax(scores, dim=0)
    return weights.matmul(value)
