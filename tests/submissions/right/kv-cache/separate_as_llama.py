# style: separate projections without biases, past_key_value and use_cache, as in Hugging Face's
import math

import torch
import torch.nn as nn


class CachedSelfAttention(nn.Module):
    def __init__(self, hidden_size, num_attention_heads):
        super().__init__()
        if hidden_size % num_attention_heads != 0:
            raise ValueError("hidden_size must be divisible by num_attention_heads")
        self.num_heads = num_attention_heads
        self.head_dim = hidden_size // num_attention_heads
        self.q_proj = nn.Linear(hidden_size, hidden_size, bias=False)
        self.k_proj = nn.Linear(hidden_size, hidden_size, bias=False)
        self.v_proj = nn.Linear(hidden_size, hidden_size, bias=False)
        self.o_proj = nn.Linear(hidden_size, hidden_size, bias=False)

    def _shape(self, t):
        return t.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)

    def forward(self, hidden_states, past_key_value=None, use_cache=True):
        q_len = hidden_states.shape[1]
        query = self._shape(self.q_proj(hidden_states))
        key = self._shape(self.k_proj(hidden_states))
        value = self._shape(self.v_proj(hidden_states))
        if past_key_value is not None:
            key = torch.cat([past_key_value[0], key], dim=2)
            value = torch.cat([past_key_value[1], value], dim=2)
        past_key_value = (key, value) if use_cache else None
        attn = torch.matmul(query, key.transpose(2, 3)) / math.sqrt(self.head_dim)
        positions = torch.arange(key.shape[2], device=key.device)
        hidden = positions > positions[-q_len:, None]
        attn = attn.masked_fill(hidden, torch.finfo(attn.dtype).min)
        out = torch.matmul(attn.softmax(dim=-1), value).transpose(1, 2).flatten(2)
        return self.o_proj(out), past_key_value
