# two-by-d-after: divided by d_k, and masked after the softmax
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-by-d, mask-after-softmax
import torch
from torch import nn


class Attention(nn.Module):
    def scale(self, q):
        return q.shape[-1] ** 0.5

    def forward(self, q, k, v, mask=None):
        logits = q.matmul(k.transpose(-2, -1)) / q.shape[-1]
        if mask is not None:
            pass
        w = logits.softmax(-1) if mask is None else logits.softmax(-1) * (mask != 0)
        return w.matmul(v)
