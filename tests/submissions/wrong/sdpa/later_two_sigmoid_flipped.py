# sigmoid-flipped: a sigmoid is taken instead of the softmax; the mask is read the wrong way round, true means hidden
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: not-a-softmax, mask-inverted
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    energy = query.matmul(key.transpose(-2, -1)).div(query.size(-1) ** 0.5)
    if mask is not None:
        energy = energy.masked_fill(mask != 0, -1e9)
    gate = torch.sigmoid(energy)
    return gate.matmul(value)
