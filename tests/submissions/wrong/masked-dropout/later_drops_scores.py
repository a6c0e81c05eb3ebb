# drops-scores: dropout on the scores, before the softmax
# refused: yes
# check: test_hidden_keys_stay_hidden_in_training
# named: dropout-on-scores
import math
from typing import Optional
import torch
from torch import nn, Tensor


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.qkv = nn.Linear(hidden_dim, hidden_dim * 3)
        self.proj = nn.Linear(hidden_dim, hidden_dim)
        self.attn_drop = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, attention_mask: Optional[Tensor] = None) -> Tensor:
        q, k, v = self.qkv(x).split(self.hidden_dim, dim=-1)
        attn = torch.matmul(q, k.mT) / math.sqrt(self.hidden_dim)
        attn = self.attn_drop(attn)
        if attention_mask is not None:
            attn = attn.masked_fill(~attention_mask.bool(), torch.finfo(attn.dtype).min)
        attn = attn.softmax(dim=-1)
        return self.proj(torch.matmul(attn, v))
