# training-noise: dropout of 0.1 on the output in training, where this layer has none
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
# named: extra-dropout
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * hidden_dim, hidden_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * hidden_dim))
        nn.init.kaiming_uniform_(self.in_proj_weight, a=5 ** 0.5)

    def forward(self, x):
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        w = F.softmax(q @ k.mT / q.size(-1) ** 0.5, dim=-1)
        out = w @ v
        return F.dropout(out, p=0.1, training=self.training)
