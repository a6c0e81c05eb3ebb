# rate-fixed: the rate of dropout is fixed at 0.1 whatever was passed
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
# named: rate-hard-coded
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_size, dropout_rate=0.1):
        super().__init__()
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(0.1)
        self.hidden_size = hidden_size

    def forward(self, hidden_states, attention_mask=None):
        q = self.query(hidden_states)
        k = self.key(hidden_states)
        v = self.value(hidden_states)
        attention_scores = torch.matmul(q, k.transpose(-1, -2)) / self.hidden_size ** 0.5
        if attention_mask is not None:
            extended = (1.0 - attention_mask.to(attention_scores.dtype)) * -1e9
            attention_scores = attention_scores + extended
        attention_probs = self.dropout(F.softmax(attention_scores, dim=-1))
        return self.dense(torch.matmul(attention_probs, v))
