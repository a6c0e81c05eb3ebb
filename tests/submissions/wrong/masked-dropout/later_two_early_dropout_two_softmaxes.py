# early-dropout-two-softmaxes: dropout on the scores, before the softmax; softmax is taken twice
# refused: yes
# check: test_is_projected_attention_within_x
# named: softmax-twice, dropout-on-scores
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.fc_out = nn.Linear(hidden_dim, hidden_dim)
        self.softmax = nn.Softmax(dim=-1)
        self.dropout = nn.Dropout(dropout_rate)

    def attend(self, q, k, mask):
        s = self.dropout(q @ k.transpose(-2, -1) / self.hidden_dim ** 0.5)
        if mask is not None:
            s = s.masked_fill(mask == 0, -1e9)
        return self.softmax(s)

    def forward(self, x, attention_mask=None):
        q, k, v = self.qkv(x).split(self.hidden_dim, dim=-1)
        weights = self.softmax(self.attend(q, k, attention_mask))
        return self.fc_out(weights @ v)
