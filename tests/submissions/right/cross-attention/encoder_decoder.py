# style: T5: q, k, v, o without biases, key_value_states, weights returned beside the output
import torch
from torch import nn


class CrossAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout_rate=0.0):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"{d_model} features in {num_heads} heads")
        self.n_heads, self.d_kv = num_heads, d_model // num_heads
        self.q = nn.Linear(d_model, d_model, bias=False)
        self.k = nn.Linear(d_model, d_model, bias=False)
        self.v = nn.Linear(d_model, d_model, bias=False)
        self.o = nn.Linear(d_model, d_model, bias=False)
        self.dropout = nn.Dropout(dropout_rate)

    def shape(self, states):
        return states.view(states.size(0), -1, self.n_heads, self.d_kv).transpose(1, 2)

    def forward(self, hidden_states, key_value_states, mask=None):
        query = self.shape(self.q(hidden_states.contiguous()))
        key, value = self.shape(self.k(key_value_states)), self.shape(self.v(key_value_states))
        scores = torch.matmul(query, key.transpose(3, 2)) * self.d_kv**-0.5
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        attn_weights = nn.functional.softmax(scores.float(), dim=-1).type_as(scores)
        out = torch.matmul(self.dropout(attn_weights), value)
        out = out.transpose(1, 2).contiguous().view(*hidden_states.shape)
        return self.o(out), attn_weights
