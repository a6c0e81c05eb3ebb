# relu-batch-softmax: a ReLU is put on the values; softmax over the batch
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: activation-on-projections, softmax-over-the-batch
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.q = nn.Linear(hidden_dim, hidden_dim)
        self.k = nn.Linear(hidden_dim, hidden_dim)
        self.v = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        q = self.q(x)
        k = self.k(x)
        v = F.relu(self.v(x))
        scores = q @ k.transpose(1, 2) / math.sqrt(x.shape[-1])
        p = F.softmax(scores, dim=0)
        return p @ v
