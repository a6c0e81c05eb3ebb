# scaled-twice-query-cut: the scale is applied twice, to the query and to the scores; query is detached and its projection gets no gradient
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: scale-by-d, gradient-cut
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim: int):
        super().__init__()
        self.scale = hidden_dim ** -0.5
        self.query_fc = nn.Linear(hidden_dim, hidden_dim)
        self.key_fc = nn.Linear(hidden_dim, hidden_dim)
        self.value_fc = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            q = self.query_fc(x) * self.scale
        k = self.key_fc(x)
        v = self.value_fc(x)
        scores = torch.matmul(q, k.transpose(-1, -2)) * self.scale
        probs = torch.softmax(scores, dim=-1)
        return torch.matmul(probs, v)
