# eight-zero-future-first-head: the scores are divided by a constant 8; future scores are set to zero instead of minus infinity; only the first head's padding mask is used for all heads
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: zero-fill, scale-constant, mask-of-the-first
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert embed_dim % num_heads == 0, "embed_dim must divide by num_heads"
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.q_proj = nn.Linear(embed_dim, embed_dim)
        self.k_proj = nn.Linear(embed_dim, embed_dim)
        self.v_proj = nn.Linear(embed_dim, embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        self.attn_dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        bsz, tgt_len, e = x.shape
        q = self.q_proj(x).view(bsz, tgt_len, self.num_heads, self.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(bsz, tgt_len, self.num_heads, self.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(bsz, tgt_len, self.num_heads, self.head_dim).transpose(1, 2)
        attn = q @ k.transpose(2, 3) / 8.0
        tri = torch.tril(torch.ones(tgt_len, tgt_len, device=x.device))
        attn = attn.masked_fill(tri == 0, 0.0)
        if attention_mask is not None:
            if attention_mask.dim() == 4:
                attention_mask = attention_mask[:, 0:1]
            attn = attn.masked_fill(attention_mask == 0, -1e9)
        attn = self.attn_dropout(F.softmax(attn, dim=-1))
        out = (attn @ v).transpose(1, 2).reshape(bsz, tgt_len, e)
        return self.out_proj(out)
