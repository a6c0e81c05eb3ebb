# style: GPT-2: Conv1D helper for c_attn and c_proj, torch.where with a cached boolean triangle
import torch
from torch import nn


class Conv1D(nn.Module):
    """y = x W + b, with the weight as (in, out)."""

    def __init__(self, nf, nx):
        super().__init__()
        self.nf = nf
        self.weight = nn.Parameter(torch.empty(nx, nf))
        self.bias = nn.Parameter(torch.zeros(nf))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x):
        size_out = x.size()[:-1] + (self.nf,)
        x = torch.addmm(self.bias, x.reshape(-1, x.size(-1)), self.weight)
        return x.view(size_out)


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, attn_pdrop=0.0):
        super().__init__()
        if hidden_size % num_heads != 0:
            raise ValueError("`hidden_size` must be divisible by num_heads")
        self.num_heads = num_heads
        self.head_dim = hidden_size // num_heads
        self.split_size = hidden_size
        self.c_attn = Conv1D(3 * hidden_size, hidden_size)
        self.c_proj = Conv1D(hidden_size, hidden_size)
        self.attn_dropout = nn.Dropout(attn_pdrop)
        self.register_buffer("triangle", torch.ones(1, 1, dtype=torch.bool), persistent=False)

    def causal(self, size, device):
        if self.triangle.size(0) < size or self.triangle.device != device:
            self.triangle = torch.tril(torch.ones((size, size), dtype=torch.bool, device=device))
        return self.triangle[:size, :size]

    def forward(self, hidden_states, attention_mask=None):
        query, key, value = self.c_attn(hidden_states).split(self.split_size, dim=2)
        shape = (*hidden_states.shape[:-1], self.num_heads, self.head_dim)
        query = query.view(shape).transpose(1, 2)
        key = key.view(shape).transpose(1, 2)
        value = value.view(shape).transpose(1, 2)

        attn_weights = torch.matmul(query, key.transpose(-1, -2)) / self.head_dim**0.5
        mask_value = torch.finfo(attn_weights.dtype).min
        mask_value = torch.full([], mask_value, dtype=attn_weights.dtype, device=query.device)
        causal_mask = self.causal(hidden_states.size(1), hidden_states.device)
        attn_weights = torch.where(causal_mask, attn_weights, mask_value)
        if attention_mask is not None:
            attn_weights = torch.where(attention_mask != 0, attn_weights, mask_value)
        attn_weights = nn.functional.softmax(attn_weights, dim=-1).type(value.dtype)
        attn_weights = self.attn_dropout(attn_weights)

        attn_output = torch.matmul(attn_weights, value).transpose(1, 2).contiguous()
        return self.c_proj(attn_output.view(hidden_states.shape))
