# named: scores are clamped at 50 for safety
# refused: yes
# check: test_products_of_ten_thousand_stay_finite
# named: scores-bounded
import torch


def dot_attention(x):
    scores = (x @ x.transpose(-2, -1)).clamp(-50, 50)
    return torch.softmax(scores, dim=-1) @ x
