# swapped-overflow-input-dropout: query and key are swapped in the scores (k q^T); exponentials without the maximum subtracted overflow; dropout of 0.1 on the input in training
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: query-key-swapped, naive-exp, extra-dropout
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.proj = nn.ModuleDict({n: nn.Linear(hidden_dim, hidden_dim) for n in ("query", "key", "value")})
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = self.dropout(x)
        q, k, v = (self.proj[n](x) for n in ("query", "key", "value"))
        e = (torch.matmul(k, q.transpose(1, 2)) / k.shape[-1] ** 0.5).exp()
        return (e / e.sum(2, keepdim=True)) @ v
