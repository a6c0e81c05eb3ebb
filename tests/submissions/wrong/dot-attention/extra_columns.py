# extra: the softmax runs over the rows' axis
# refused: yes
# check: test_weights_of_a_token_sum_to_one
# named: softmax-over-queries
import torch


def dot_attention(x):
    weights = torch.softmax(torch.bmm(x, x.permute(0, 2, 1)), dim=1)
    return torch.bmm(weights, x)
