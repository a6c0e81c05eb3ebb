# float-mask-added: a mask of floats is added to the scores instead of hiding where it is zero
# refused: yes
# check: test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype
# named: mask-added
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, embed_dim, dropout_rate=0.1):
        super().__init__()
        self.embed_dim = embed_dim
        self.dropout_rate = dropout_rate
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, x, attn_mask=None):
        q, k, v = self.in_proj(x).chunk(3, dim=-1)
        attn_weights = torch.matmul(q, k.transpose(-2, -1)) * (self.embed_dim ** -0.5)
        if attn_mask is not None:
            if attn_mask.is_floating_point():
                attn_weights = attn_weights + attn_mask.to(attn_weights.dtype)
            else:
                attn_weights = attn_weights.masked_fill(attn_mask == 0, float("-inf"))
        attn_weights = F.softmax(attn_weights, dim=-1)
        attn_weights = F.dropout(attn_weights, p=self.dropout_rate, training=self.training)
        return self.out_proj(torch.matmul(attn_weights, v))
