# extra: reshaped where it should be transposed
# refused: yes
# check: test_is_softmax_of_products_times_x
# named: reshape-for-transpose
import torch


def dot_attention(x):
    b, s, d = x.shape
    return torch.softmax(torch.bmm(x, x.reshape(b, d, s)), dim=2).bmm(x)
