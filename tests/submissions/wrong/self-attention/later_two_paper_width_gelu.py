# paper-width-gelu: divided by a constant, the square root of 512; a GELU is put on the output
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: activation-on-the-result, scale-constant
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    D_MODEL = 512

    def __init__(self, hidden_dim):
        super().__init__()
        self.linear_query = nn.Linear(hidden_dim, hidden_dim)
        self.linear_key = nn.Linear(hidden_dim, hidden_dim)
        self.linear_value = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        q = self.linear_query(x)
        k = self.linear_key(x)
        v = self.linear_value(x)
        attn = F.softmax(torch.bmm(q, k.transpose(1, 2)) / math.sqrt(self.D_MODEL), dim=-1)
        return F.gelu(torch.bmm(attn, v))
