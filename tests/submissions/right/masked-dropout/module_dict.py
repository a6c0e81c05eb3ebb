# style: ModuleDict `proj` with four entries, F.dropout with training=self.training
import torch
import torch.nn.functional as F
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_size, attention_dropout=0.1):
        super().__init__()
        self.hidden_size = hidden_size
        self.attention_dropout = attention_dropout
        self.proj = nn.ModuleDict()
        for role in ["query", "key", "value", "output"]:
            self.proj[role] = nn.Linear(hidden_size, hidden_size)

    def forward(self, hidden_states, attn_mask=None):
        p = self.proj
        q, k, v = p["query"](hidden_states), p["key"](hidden_states), p["value"](hidden_states)
        logits = torch.matmul(q, k.mT).div(self.hidden_size**0.5)
        if attn_mask is not None:
            logits = torch.where(attn_mask != 0, logits, torch.full_like(logits, -1e9))
        probs = F.softmax(logits, dim=-1)
        probs = F.dropout(probs, p=self.attention_dropout, training=self.training)
        return p["output"](torch.matmul(probs, v))
