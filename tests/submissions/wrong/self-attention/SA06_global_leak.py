# SA06 global-leak: forward reads the notebook's X, whatever it is given
# refused: yes
# check: test_computes_attention_itself
# %%
import math

import torch
import torch.nn as nn

# %%
torch.manual_seed(0)
X = torch.rand(2, 4, 12)


# %%
class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.query_proj = nn.Linear(hidden_dim, hidden_dim)
        self.key_proj = nn.Linear(hidden_dim, hidden_dim)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        Q = self.query_proj(X)
        K = self.key_proj(X)
        V = self.value_proj(X)
        attention_value = torch.matmul(Q, K.transpose(-1, -2))
        attention_weight = torch.softmax(attention_value / math.sqrt(self.hidden_dim), dim=-1)
        return torch.matmul(attention_weight, V)


# %%
net = SelfAttention(12)
print(net(X).shape)
