# AL08 trainable-slopes: a parameter that begins with 1 for every head
# refused: yes
# check: test_slopes_of_a_power_of_two
# named: one-slope-for-all
import math

import torch
from torch import nn


class AlibiAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.slopes = nn.ParameterDict()

    def forward(self, query, key, value):
        heads, length = query.shape[1:3]
        if str(heads) not in self.slopes:
            self.slopes[str(heads)] = nn.Parameter(torch.ones(heads, device=query.device))
        i = torch.arange(length, device=query.device)
        bias = self.slopes[str(heads)][:, None, None] * (i[None, :] - i[:, None])
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1)) + bias.to(query.dtype)
        scores = scores.masked_fill(i[None, :] > i[:, None], float("-inf"))
        return torch.softmax(scores, dim=-1) @ value
