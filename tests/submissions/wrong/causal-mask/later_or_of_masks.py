# or-of-masks: a key is visible where either the causal or the padding mask allows it instead of where both do
# refused: yes
# check: test_the_first_token_attends_to_itself_alone
# named: or-instead-of-and
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0, "indivisible"
        self.H = num_heads
        self.qkv_proj = nn.Linear(hidden_dim, hidden_dim * 3)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.attn_drop = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = self.qkv_proj(x).view(B, S, 3, self.H, D // self.H).permute(2, 0, 3, 1, 4).unbind(0)
        visible = torch.tril(torch.ones(S, S, dtype=torch.bool, device=x.device))
        if attention_mask is not None:
            visible = visible | attention_mask.bool()
        scores = torch.einsum("bhqd,bhkd->bhqk", q, k) / (D // self.H) ** 0.5
        scores = torch.where(visible, scores, torch.full_like(scores, -1e9))
        weights = self.attn_drop(torch.softmax(scores, -1))
        return self.out_proj(torch.einsum("bhqk,bhkd->bqhd", weights, v).reshape(B, S, D))
