# FQ01 undefined-X: forward projects X, a name only the demo at the bottom defines
# refused: yes
# check: test_computes_attention_itself
import math

import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.proj = nn.Linear(hidden_dim, hidden_dim * 3)

    def forward(self, x):
        QKV = self.proj(X)
        Q, K, V = torch.split(QKV, self.hidden_dim, dim=-1)
        att_weight = torch.softmax(Q @ K.transpose(-1, -2) / math.sqrt(self.hidden_dim), dim=-1)
        return att_weight @ V


if __name__ == "__main__":
    X = torch.rand(3, 2, 4)
    print(FusedSelfAttention(4)(X).shape)
