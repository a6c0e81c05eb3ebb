# unprojected-row-mask-noisy-eval: the output projection is built and never applied; the mask is transposed and hides the queries' rows; dropout is active in eval too
# refused: yes
# check: test_is_projected_attention_within_x
# named: no-output-projection, mask-transposed, dropout-in-eval
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.dropout_rate = dropout_rate
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        q, k, v = self.qkv_proj(x).chunk(3, dim=-1)
        scores = q @ k.transpose(1, 2) / self.hidden_dim ** 0.5
        if attention_mask is not None:
            mask = attention_mask.transpose(-2, -1)
            scores = scores.masked_fill(mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-1)
        weights = nn.Dropout(self.dropout_rate)(weights)
        return weights @ v
