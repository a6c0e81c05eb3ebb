# extra: the softmax runs over axis 0
# refused: yes
# check: test_weights_of_a_token_sum_to_one
# named: softmax-over-the-batch
import torch


def dot_attention(x):
    scores = torch.einsum("bid,bjd->bij", x, x)
    weights = torch.nn.functional.softmax(scores, dim=0)
    return torch.einsum("bij,bjd->bid", weights, x)
