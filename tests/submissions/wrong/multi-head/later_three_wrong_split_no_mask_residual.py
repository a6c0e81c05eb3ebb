# wrong-split-no-mask-residual: the width is split as (head_dim, H) instead of (H, head_dim); the mask is taken and never used; the input is added as a residual
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: residual-inside, split-interleaved, mask-ignored
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, num_hiddens, num_heads, dropout=0.0):
        super().__init__()
        assert num_hiddens % num_heads == 0
        self.num_heads = num_heads
        self.dropout = nn.Dropout(dropout)
        self.W_q = nn.Linear(num_hiddens, num_hiddens)
        self.W_k = nn.Linear(num_hiddens, num_hiddens)
        self.W_v = nn.Linear(num_hiddens, num_hiddens)
        self.W_o = nn.Linear(num_hiddens, num_hiddens)

    def transpose_qkv(self, X):
        X = X.reshape(X.shape[0], X.shape[1], -1, self.num_heads)
        return X.permute(0, 3, 1, 2)

    def transpose_output(self, X):
        X = X.permute(0, 2, 1, 3)
        return X.reshape(X.shape[0], X.shape[1], -1)

    def forward(self, x, attention_mask=None):
        queries = self.transpose_qkv(self.W_q(x))
        keys = self.transpose_qkv(self.W_k(x))
        values = self.transpose_qkv(self.W_v(x))
        d = queries.shape[-1]
        scores = torch.matmul(queries, keys.transpose(-2, -1)) / d ** 0.5
        output = torch.matmul(self.dropout(F.softmax(scores, dim=-1)), values)
        return x + self.W_o(self.transpose_output(output))
