# named: negative squared distances are the scores
# refused: yes
# check: test_is_softmax_of_products_times_x
# named: distance-for-dot-product
import torch


def dot_attention(x):
    scores = -torch.cdist(x, x) ** 2
    return torch.softmax(scores, dim=-1) @ x
