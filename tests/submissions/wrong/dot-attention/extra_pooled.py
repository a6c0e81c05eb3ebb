# extra: one vector for each sequence
# refused: yes
# check: test_result_has_the_shape_of_x
# named: pooled
import torch


def dot_attention(x):
    context = torch.softmax(x @ x.transpose(-2, -1), dim=-1) @ x
    return context.mean(dim=1)
