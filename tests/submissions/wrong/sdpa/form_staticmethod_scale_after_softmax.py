# SD13 scale-after-softmax: the weights are scaled, not the scores
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
import torch
from torch import nn


class Transformer(nn.Module):
    def __init__(self, layers, width):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(layers)])

    @staticmethod
    def attention(query, key, value, mask=None):
        scores = torch.einsum("...qd,...kd->...qk", query, key)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        return (scores.softmax(dim=-1) / query.size(-1) ** 0.5) @ value

    def forward(self, x):
        return x
