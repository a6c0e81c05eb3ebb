# extra: exp without a maximum
# refused: yes
# check: test_products_of_ten_thousand_stay_finite
# named: naive-exp
import torch


def dot_attention(x):
    e = torch.exp(x @ x.transpose(1, 2))
    return (e / e.sum(-1, keepdim=True)) @ x
