# zeroed-future-output-dropout: future scores are multiplied to zero instead of minus infinity; dropout on the output instead of on the weights
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: zero-fill, dropout-elsewhere
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout=0.0):
        super().__init__()
        assert embed_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.k_proj = nn.Linear(embed_dim, embed_dim)
        self.v_proj = nn.Linear(embed_dim, embed_dim)
        self.q_proj = nn.Linear(embed_dim, embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        self.resid_dropout = nn.Dropout(dropout)

    def forward(self, hidden_states, attention_mask=None):
        b, s, e = hidden_states.shape
        shape = (b, s, self.num_heads, self.head_dim)
        q = self.q_proj(hidden_states).view(shape).transpose(1, 2)
        k = self.k_proj(hidden_states).view(shape).transpose(1, 2)
        v = self.v_proj(hidden_states).view(shape).transpose(1, 2)
        attn = torch.matmul(q, k.transpose(-1, -2)) * self.head_dim ** -0.5
        attn = attn * torch.tril(torch.ones(s, s, device=attn.device, dtype=attn.dtype))
        if attention_mask is not None:
            attn = attn.masked_fill(attention_mask == 0, -1e9)
        attn = F.softmax(attn, dim=-1)
        out = torch.matmul(attn, v).transpose(1, 2).reshape(b, s, e)
        return self.resid_dropout(self.out_proj(out))
