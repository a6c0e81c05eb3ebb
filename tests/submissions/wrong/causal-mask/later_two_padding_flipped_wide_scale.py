# padding-flipped-wide-scale: the padding mask is read the wrong way round, true means hidden; scaled by the square root of hidden_dim instead of head_dim
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: scale-d-model, mask-polarity
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int, num_heads: int, dropout_rate: float = 0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("num_heads must divide hidden_dim")
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x: torch.Tensor, attention_mask=None) -> torch.Tensor:
        B, S, D = x.shape
        qkv = self.qkv(x).reshape(B, S, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        scores = q @ k.transpose(-2, -1) * self.hidden_dim ** -0.5
        blocked = ~torch.tril(torch.ones(S, S, dtype=torch.bool, device=x.device))
        if attention_mask is not None:
            blocked = blocked | attention_mask.bool()
        scores = scores.masked_fill(blocked, -1e9)
        weights = self.dropout(scores.softmax(dim=-1))
        return self.proj((weights @ v).transpose(1, 2).reshape(B, S, D))
