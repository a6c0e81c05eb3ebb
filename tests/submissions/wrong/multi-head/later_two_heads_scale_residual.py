# heads-scale-residual: scaled by the square root of the number of heads instead of head_dim; the input is added as a residual
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: residual-inside, scale-other
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0, "hidden_dim % num_heads != 0"
        self.num_heads = num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.fc = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        H = self.num_heads
        q, k, v = self.qkv_proj(x).view(B, S, 3, H, D // H).transpose(1, 3).unbind(2)
        scores = q.matmul(k.transpose(-1, -2)) / H ** 0.5
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = self.dropout(scores.softmax(dim=-1))
        ctx = weights.matmul(v).permute(0, 2, 1, 3).reshape(B, S, D)
        return x + self.fc(ctx)
