# leaky-scores: a leaky ReLU on the scores, as in graph attention
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scores-through-an-activation
import torch
from torch import nn


class Attention(nn.Module):
    def scale(self, q):
        return q.shape[-1] ** 0.5

    def forward(self, q, k, v, mask=None):
        logits = q.matmul(k.transpose(-2, -1)) / self.scale(q)
        if mask is not None:
            logits = logits + (1.0 - mask.to(logits.dtype)) * -1e9
        w = nn.functional.leaky_relu(logits, 0.2).softmax(-1)
        return w.matmul(v)
