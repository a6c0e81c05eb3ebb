# width-split-peek-flipped: the width is split as (head_dim, H) instead of (H, head_dim); a position sees one position ahead; the padding mask is read the wrong way round, true means hidden
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: split-interleaved, leaks-one, mask-polarity
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = [t.reshape(B, S, self.head_dim, self.num_heads).permute(0, 3, 1, 2)
                   for t in self.qkv_proj(x).chunk(3, dim=-1)]
        scores = q @ k.transpose(-2, -1) * self.head_dim ** -0.5
        pos = torch.arange(S, device=x.device)
        hidden = pos[None, :] > pos[:, None] + 1
        if attention_mask is not None:
            hidden = hidden | attention_mask.bool()
        scores = scores.masked_fill(hidden, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return self.output_proj((weights @ v).permute(0, 2, 1, 3).reshape(B, S, D))
