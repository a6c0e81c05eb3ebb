# MD01 mask-polarity: true hides, as in torch's own layer
# refused: yes
# check: test_agrees_with_the_multi_head_layer_of_torch
import torch
import torch.nn.functional as F
from torch import nn


class MultiheadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, batch_first, dropout=0.0, bias=True, kdim=None,
                 vdim=None, device=None, dtype=None):
        super().__init__()
        kw = {"device": device, "dtype": dtype}
        assert batch_first
        assert embed_dim % num_heads == 0, "embed_dim must be divisible by num_heads"
        self.num_heads, self.dropout = num_heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty((3 * embed_dim, embed_dim), **kw))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim, **kw)) if bias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias, **kw)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True,
                attn_mask=None, average_attn_weights=True, is_causal=False):
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        q, k, v = (
            F.linear(x, w, b).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for x, w, b in zip((query, key, value), weights, biases)
        )
        scores = q @ k.transpose(-2, -1) / q.size(-1) ** 0.5
        if attn_mask is not None:
            scores = scores.masked_fill(attn_mask != 0, torch.finfo(scores.dtype).min)
        if key_padding_mask is not None:
            scores = scores.masked_fill(key_padding_mask[:, None, None], float("-inf"))
        attn = scores.softmax(dim=-1)
        context = F.dropout(attn, self.dropout, self.training) @ v
        output = self.out_proj(context.transpose(1, 2).flatten(2))
        return output, attn.mean(dim=1) if need_weights else None
