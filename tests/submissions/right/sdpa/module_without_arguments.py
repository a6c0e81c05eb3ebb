# style: an nn.Module built with no argument in place of the function, -inf fill
import torch
import torch.nn as nn


class ScaledDotProductAttention(nn.Module):
    """Attention(Q, K, V) = softmax(QK^T / sqrt(d_k)) V"""

    def __init__(self):
        super(ScaledDotProductAttention, self).__init__()
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, Q, K, V, attn_mask=None):
        scores = torch.matmul(Q, K.transpose(-1, -2)) / K.size(-1) ** 0.5
        if attn_mask is not None:
            scores = scores.masked_fill(attn_mask.eq(0), float("-inf"))
        attn = self.softmax(scores)
        return torch.matmul(attn, V)
