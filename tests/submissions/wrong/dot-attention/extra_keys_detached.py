# extra: keys are taken out of the graph
# refused: yes
# check: test_x_has_its_gradient
# named: gradient-cut
import torch


def dot_attention(x):
    keys = x.detach()
    return torch.softmax(x @ keys.transpose(-2, -1), dim=-1) @ x
