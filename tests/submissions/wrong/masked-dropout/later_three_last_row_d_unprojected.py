# last-row-d-unprojected: the mask's last row is used for every query; divided by D without the square root; there is no output projection
# refused: yes
# check: submission
# named: no-output-projection, scale-by-d, mask-of-one-row
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = torch.bmm(q, k.transpose(1, 2)) / self.hidden_dim
        if attention_mask is not None:
            keys = attention_mask[..., -1:, :]
            scores = scores.masked_fill(keys == 0, float("-inf"))
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return torch.bmm(weights, v)
