# MH06 batch-head-order: heads lie batch by batch, the mask is stacked head by head
# refused: yes
# check: test_the_order_of_tokens_carries_over
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, dropout=0.0):
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        assert self.head_dim * num_heads == embed_dim
        self.q_proj = nn.Linear(embed_dim, embed_dim)
        self.k_proj = nn.Linear(embed_dim, embed_dim)
        self.v_proj = nn.Linear(embed_dim, embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        self.dropout = dropout

    def _heads(self, t):
        B, S, _ = t.shape
        t = t.view(B, S, self.num_heads, self.head_dim).transpose(1, 2)
        return t.reshape(B * self.num_heads, S, self.head_dim)

    def forward(self, x, attn_mask=None):
        B, S, D = x.shape
        q, k, v = (self._heads(p(x)) for p in (self.q_proj, self.k_proj, self.v_proj))
        attn = torch.bmm(q, k.transpose(1, 2)) * self.head_dim**-0.5
        if attn_mask is not None:
            attn_mask = attn_mask.expand(B, self.num_heads, S, S)
            attn_mask = torch.cat(attn_mask.unbind(dim=1), dim=0)
            attn = attn.masked_fill(attn_mask == 0, float("-inf"))
        attn = F.dropout(F.softmax(attn, dim=-1), p=self.dropout, training=self.training)
        out = torch.bmm(attn, v).view(B, self.num_heads, S, self.head_dim)
        return self.out_proj(out.transpose(1, 2).reshape(B, S, D))
