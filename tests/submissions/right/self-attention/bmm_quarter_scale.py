# style: bias=False everywhere, torch.bmm, q and k scaled by d ** -0.25 each
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.wq = nn.Linear(hidden_size, hidden_size, bias=False)
        self.wk = nn.Linear(hidden_size, hidden_size, bias=False)
        self.wv = nn.Linear(hidden_size, hidden_size, bias=False)

    def forward(self, hidden_states):
        root = self.hidden_size**0.25
        # half of the scale on each side keeps the products small in half precision
        q = self.wq(hidden_states) / root
        k = self.wk(hidden_states) / root
        probs = torch.bmm(q, k.transpose(1, 2)).softmax(dim=-1)
        return torch.bmm(probs, self.wv(hidden_states))
