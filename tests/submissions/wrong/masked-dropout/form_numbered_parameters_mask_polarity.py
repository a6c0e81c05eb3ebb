# MD01 mask-polarity: what is visible gets the fill
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
import torch
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden, rate=0.1):
        super().__init__()
        scale = hidden**-0.5
        self.weights = nn.ParameterList(
            [nn.Parameter(torch.randn(hidden, hidden) * scale) for _ in range(4)]
        )
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(1, hidden)) for _ in range(4)])
        self.dropout = nn.Dropout(rate)

    def project(self, number, x):
        return x @ self.weights[number] + self.biases[number]

    def forward(self, x, mask=None):
        q, k, v = (self.project(number, x) for number in range(3))
        scores = q @ k.transpose(1, 2) / x.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask != 0, torch.finfo(scores.dtype).min)
        return self.project(3, self.dropout(scores.softmax(-1)) @ v)
