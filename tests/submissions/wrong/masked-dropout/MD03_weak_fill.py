# MD03 weak-fill: -100 hides a key only while the visible scores are not much lower
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, d_model, dropout_rate=0.1):
        super().__init__()
        self.d_model = d_model
        self.c_attn = nn.Linear(d_model, 3 * d_model)
        self.c_proj = nn.Linear(d_model, d_model)
        self.dropout_rate = dropout_rate

    def forward(self, x, attention_mask=None):
        q, k, v = self.c_attn(x).split(self.d_model, dim=-1)
        scores = torch.einsum("bqd,bkd->bqk", q, k) / self.d_model**0.5
        if attention_mask is not None:
            scores = torch.where(attention_mask.bool(), scores, -100.0)
        probs = F.softmax(scores, dim=-1)
        probs = F.dropout(probs, self.dropout_rate, self.training)
        return self.c_proj(torch.einsum("bqk,bkd->bqd", probs, v))
