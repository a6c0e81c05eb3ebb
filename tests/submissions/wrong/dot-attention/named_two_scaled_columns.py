# two: a mean of products instead of their sum, and a softmax over the rows' axis
# refused: yes
# check: test_weights_of_a_token_sum_to_one
# named: scaled, softmax-over-queries
import torch


def dot_attention(x):
    scores = torch.einsum("bid,bjd->bij", x, x) / x.shape[2]
    return torch.softmax(scores, dim=1) @ x
