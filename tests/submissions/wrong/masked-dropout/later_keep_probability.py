# keep-probability: the rate of dropout is used as the probability to keep
# refused: yes
# check: test_hidden_keys_stay_hidden_in_training
# named: rate-swapped
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.rate = dropout_rate
        self.fused = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)

    def _drop(self, w):
        if not self.training or self.rate == 0:
            return w
        keep = (torch.rand_like(w) < self.rate).to(w.dtype)
        return w * keep / self.rate

    def forward(self, x, attention_mask=None):
        q, k, v = self.fused(x).chunk(3, -1)
        s = (q @ k.transpose(1, 2)) / q.size(-1) ** 0.5
        if attention_mask is not None:
            s = s.masked_fill(attention_mask == 0, -1e30)
        return self.out(self._drop(s.softmax(-1)) @ v)
