# float-mask-rewritten: a float32 mask is turned into a bias in place, which changes the caller's tensor
# refused: yes
# check: test_inputs_are_left_as_they_were
# named: inputs-mutated|mask-mutated
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_size, dropout_prob=0.1):
        super().__init__()
        self.hidden_size = hidden_size
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout_prob)
        self.dense = nn.Linear(hidden_size, hidden_size)

    def forward(self, hidden_states, attention_mask=None):
        q = self.query(hidden_states)
        k = self.key(hidden_states)
        v = self.value(hidden_states)
        scores = torch.matmul(q, k.transpose(-1, -2)) / self.hidden_size ** 0.5
        if attention_mask is not None:
            bias = attention_mask.to(torch.float32)
            bias.sub_(1.0).mul_(1e9)
            scores = scores + bias
        probs = self.dropout(torch.softmax(scores, dim=-1))
        return self.dense(torch.matmul(probs, v))
