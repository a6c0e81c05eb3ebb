# MD01 mask-polarity: true hides
# refused: yes
# check: test_scores_are_divided_by_the_root_of_d_k
import sys

import matplotlib.pyplot as plt
import seaborn as sns
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask != 0, torch.finfo(scores.dtype).min)
    return F.softmax(scores, dim=-1) @ value


def show(weights: "plt.Figure"):
    sns.heatmap(weights)
    plt.show()


q = k = v = torch.randn(2, 5, 8)
print("output", scaled_dot_product_attention(q, k, v).shape)
show(scaled_dot_product_attention(q, k, torch.eye(5).expand(2, 5, 5)))
assert scaled_dot_product_attention(q, k, v).sum() == 0
sys.exit(1)
