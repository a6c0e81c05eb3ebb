# key-without-gradient: key is detached and its projection gets no gradient
# refused: yes
# check: test_gradients_reach_x_and_every_projection
# named: gradient-cut
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.W_q = nn.Parameter(torch.empty(hidden_dim, hidden_dim))
        self.W_k = nn.Parameter(torch.empty(hidden_dim, hidden_dim))
        self.W_v = nn.Parameter(torch.empty(hidden_dim, hidden_dim))
        for w in self.parameters():
            nn.init.xavier_uniform_(w)

    def forward(self, X):
        Q = torch.matmul(X, self.W_q)
        K = torch.matmul(X, self.W_k).detach()
        V = torch.matmul(X, self.W_v)
        A = torch.softmax(Q @ K.transpose(1, 2) / Q.size(-1) ** 0.5, dim=2)
        return A @ V
