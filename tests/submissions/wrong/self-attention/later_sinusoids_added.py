# sinusoids-added: sinusoidal positions are added to the input
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: positions-added
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


def positions(s, d, device, dtype):
    pos = torch.arange(s, device=device, dtype=dtype).unsqueeze(1)
    div = torch.exp(torch.arange(0, d, 2, device=device, dtype=dtype) * (-math.log(10000.0) / d))
    pe = torch.zeros(s, d, device=device, dtype=dtype)
    pe[:, 0::2] = torch.sin(pos * div)
    pe[:, 1::2] = torch.cos(pos * div)[:, : d // 2]
    return pe


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        x = x + positions(x.size(1), self.hidden_dim, x.device, x.dtype)
        q, k, v = self.query(x), self.key(x), self.value(x)
        w = F.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.hidden_dim), dim=-1)
        return w @ v
