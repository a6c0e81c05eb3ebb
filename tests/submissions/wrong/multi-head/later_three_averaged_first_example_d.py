# averaged-first-example-d: the weights are averaged over the heads before they sum the values; the first example's mask is used for the whole batch; divided by head_dim without the square root
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: weights-averaged, mask-of-the-first, scale-other|scale-by-d
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim must be divisible by num_heads")
        self.H = num_heads
        self.dh = hidden_dim // num_heads
        self.W_query = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.W_key = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.W_value = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        b, num_tokens, d = x.shape
        keys = self.W_key(x).view(b, num_tokens, self.H, self.dh).transpose(1, 2)
        queries = self.W_query(x).view(b, num_tokens, self.H, self.dh).transpose(1, 2)
        values = self.W_value(x).view(b, num_tokens, self.H, self.dh).transpose(1, 2)
        attn_scores = queries @ keys.transpose(2, 3) / self.dh
        if attention_mask is not None:
            m = attention_mask[0] if attention_mask.dim() == 4 else attention_mask
            attn_scores = attn_scores.masked_fill(m == 0, -1e9)
        attn_weights = F.softmax(attn_scores, dim=-1).mean(dim=1, keepdim=True)
        attn_weights = self.dropout(attn_weights)
        context_vec = (attn_weights @ values).transpose(1, 2).reshape(b, num_tokens, d)
        return self.out_proj(context_vec)
