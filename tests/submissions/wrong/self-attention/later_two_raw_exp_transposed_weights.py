# raw-exp-transposed-weights: exponentials without the maximum subtracted overflow; the weights are transposed before they sum the values
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: weights-transposed, naive-exp
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n
        self.W_query = nn.Linear(n, n, bias=False)
        self.W_key = nn.Linear(n, n, bias=False)
        self.W_value = nn.Linear(n, n, bias=False)

    def forward(self, x):
        q, k, v = self.W_query(x), self.W_key(x), self.W_value(x)
        e = torch.exp(torch.bmm(q, k.transpose(1, 2)) / self.n ** 0.5)
        w = e / e.sum(-1, keepdim=True)
        return torch.einsum("bij,bid->bjd", w, v)
