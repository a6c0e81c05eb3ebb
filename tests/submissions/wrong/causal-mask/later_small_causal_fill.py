# small-causal-fill: the causal fill is -100 and does not hide the future at large scores
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
# named: weak-fill
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, n_state, n_head, dropout=0.0):
        super().__init__()
        assert n_state % n_head == 0
        self.n_head = n_head
        self.query = nn.Linear(n_state, n_state)
        self.key = nn.Linear(n_state, n_state, bias=False)
        self.value = nn.Linear(n_state, n_state)
        self.out = nn.Linear(n_state, n_state)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        n_batch, n_ctx, n_state = x.shape
        scale = (n_state // self.n_head) ** -0.25
        q = self.query(x).view(n_batch, n_ctx, self.n_head, -1).permute(0, 2, 1, 3) * scale
        k = self.key(x).view(n_batch, n_ctx, self.n_head, -1).permute(0, 2, 3, 1) * scale
        v = self.value(x).view(n_batch, n_ctx, self.n_head, -1).permute(0, 2, 1, 3)
        qk = q @ k
        future = torch.ones(n_ctx, n_ctx, dtype=torch.bool, device=x.device).triu_(1)
        qk = qk.masked_fill(future, -100.0)
        if mask is not None:
            qk = qk.masked_fill(mask == 0, -1e9)
        w = self.dropout(qk.softmax(dim=-1))
        return self.out((w @ v).permute(0, 2, 1, 3).flatten(start_dim=2))
