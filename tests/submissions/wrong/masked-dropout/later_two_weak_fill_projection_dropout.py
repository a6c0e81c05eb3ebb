# weak-fill-projection-dropout: the mask's fill is -100 and does not hide at large scores; dropout on the input instead of on the weights
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
# named: fill-too-weak, dropout-on-values
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.drop = nn.Dropout(dropout_rate)
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.fc = nn.Linear(hidden_dim, hidden_dim)
        self.sqrt_d = hidden_dim ** 0.5

    def forward(self, x, attention_mask=None):
        x = self.drop(x)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        a = torch.matmul(q, k.permute(0, 2, 1)) / self.sqrt_d
        if attention_mask is not None:
            a = torch.where(attention_mask != 0, a, torch.full_like(a, -100.0))
        a = torch.softmax(a, dim=-1)
        return self.fc(torch.matmul(a, v))
