# bert-fill-unscaled: the mask's bias is -10000, which does not hide at large scores; the scores are not scaled
# refused: yes
# check: test_is_projected_attention_within_x
# named: no-scale, penalty-too-weak
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_size, dropout_rate=0.1):
        super().__init__()
        self.qkv_proj = nn.Linear(hidden_size, 3 * hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout_rate)

    def get_extended_attention_mask(self, mask, dtype):
        return (1.0 - mask.to(dtype)) * -10000.0

    def forward(self, hidden_states, attention_mask=None):
        q, k, v = self.qkv_proj(hidden_states).chunk(3, dim=-1)
        scores = torch.matmul(q, k.transpose(-1, -2))
        if attention_mask is not None:
            scores = scores + self.get_extended_attention_mask(attention_mask, scores.dtype)
        probs = self.dropout(nn.functional.softmax(scores, dim=-1))
        return self.dense(torch.matmul(probs, v))
