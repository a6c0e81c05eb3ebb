# extra: .T turns the batch as well
# refused: yes
# check: test_result_has_the_shape_of_x
# named: dot-t
import torch


def dot_attention(x):
    return torch.softmax(x @ x.T, dim=-1) @ x
