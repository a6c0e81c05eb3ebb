# AD07 wrong-state: each step scores with the state behind it
# refused: yes
# check: test_is_the_softmax_of_the_networks_scores_times_value
# named: wrong-state
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
        query = torch.cat([query[:, 1:], torch.zeros_like(query[:, :1])], dim=1)
        scores = self.Va(torch.tanh(self.Wa(query)[:, :, None, :] + self.Ua(keys)[:, None, :, :]))
        scores = scores.squeeze(-1)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, float("-inf"))
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights, values)
