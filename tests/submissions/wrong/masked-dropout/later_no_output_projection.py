# no-output-projection: the output projection is built and never applied
# refused: yes
# check: test_is_projected_attention_within_x
# named: no-output-projection
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        b, s, d = x.shape
        q, k, v = self.qkv_proj(x).reshape(b, s, 3, d).unbind(2)
        logits = q.bmm(k.transpose(1, 2)) / d ** 0.5
        if attention_mask is not None:
            logits = torch.where(attention_mask.bool(), logits, torch.tensor(-1e9, dtype=logits.dtype, device=logits.device))
        weights = self.dropout(logits.softmax(-1))
        output = weights.bmm(v)
        return output
