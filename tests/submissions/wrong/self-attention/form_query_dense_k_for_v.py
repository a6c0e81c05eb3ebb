# SD10 k-for-v: the keys are summed where the values belong
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.query_dense = nn.Linear(units, units)
        self.key_dense = nn.Linear(units, units)
        self.dense_v = nn.Linear(units, units)

    def forward(self, inputs):
        query, key, value = self.query_dense(inputs), self.key_dense(inputs), self.dense_v(inputs)
        scores = torch.matmul(query, key.transpose(-1, -2)) / key.shape[-1] ** 0.5
        return scores.softmax(dim=-1) @ key + 0 * value
