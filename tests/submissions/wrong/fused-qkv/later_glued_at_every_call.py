# glued-at-every-call: three projections whose weights are concatenated at every call instead of one fused projection
# refused: yes
# check: test_one_weight_holds_query_key_and_value
# named: separate-projections
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        w = torch.cat([self.query.weight, self.key.weight, self.value.weight], dim=0)
        b = torch.cat([self.query.bias, self.key.bias, self.value.bias], dim=0)
        q, k, v = F.linear(x, w, b).chunk(3, dim=-1)
        scores = q @ k.transpose(1, 2) / math.sqrt(self.hidden_dim)
        return scores.softmax(dim=-1) @ v
