# weights-times-mask: the mask multiplies the weights after the softmax, so they no longer sum to one
# refused: yes
# check: test_attends_where_the_mask_is_true
# named: mask-after-softmax
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        query, key, value = torch.tensor_split(self.proj(x), 3, dim=-1)
        attention = F.softmax(query @ key.transpose(1, 2) / math.sqrt(self.hidden_dim), dim=-1)
        if attention_mask is not None:
            attention = attention * attention_mask.to(attention.dtype)
        attention = self.drop(attention)
        return self.output_proj(attention @ value)
