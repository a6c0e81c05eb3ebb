# AD02 no-tanh: the sum goes to v as it is
# refused: yes
# check: test_weights_depend_on_the_query
# named: no-tanh
import torch
import torch.nn.functional as F
from torch import nn


class BahdanauAttention(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.Wa = nn.Linear(query_size, hidden_size)
        self.Ua = nn.Linear(key_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys, values, mask=None):
        scores = self.Va(self.Wa(query)[:, :, None, :] + self.Ua(keys)[:, None, :, :])
        scores = scores.squeeze(-1)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, float("-inf"))
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights, values)
