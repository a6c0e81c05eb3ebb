# style: a configuration object, keys picked for each head by its number
import math
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    hidden_size: int
    num_attention_heads: int
    num_key_value_heads: int


class GroupedQueryAttention(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        if config.hidden_size % config.num_attention_heads != 0:
            raise ValueError("hidden_size must be divisible by num_attention_heads")
        if config.num_attention_heads % config.num_key_value_heads != 0:
            raise ValueError("num_attention_heads must be divisible by num_key_value_heads")
        self.head_dim = config.hidden_size // config.num_attention_heads
        self.group = config.num_attention_heads // config.num_key_value_heads
        narrow = config.num_key_value_heads * self.head_dim
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.k_proj = nn.Linear(config.hidden_size, narrow)
        self.v_proj = nn.Linear(config.hidden_size, narrow)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden_states, attention_mask=None):
        bsz, q_len, _ = hidden_states.size()
        split = (bsz, q_len, -1, self.head_dim)
        query = self.q_proj(hidden_states).view(split).transpose(1, 2)
        key = self.k_proj(hidden_states).view(split).transpose(1, 2)
        value = self.v_proj(hidden_states).view(split).transpose(1, 2)
        heads = [head // self.group for head in range(query.size(1))]
        key, value = key[:, heads], value[:, heads]
        scores = torch.matmul(query, key.mT) / math.sqrt(self.head_dim)
        if attention_mask is not None:
            scores = scores + (1.0 - attention_mask.to(scores.dtype)) * -1e9
        probs = nn.functional.softmax(scores, dim=-1)
        context = torch.matmul(probs, value).transpose(1, 2).reshape(bsz, q_len, -1)
        return self.o_proj(context), probs
