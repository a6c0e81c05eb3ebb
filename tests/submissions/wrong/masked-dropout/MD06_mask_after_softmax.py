# MD06 mask-after-softmax: hidden weights are zeroed, the visible ones no longer sum to one
# refused: yes
# check: test_attends_where_the_mask_is_true
import torch
from torch import Tensor, nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1) -> None:
        super().__init__()
        self.scale = hidden_dim**-0.5
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)
        self.dense = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x: Tensor, attention_mask: "Tensor | None" = None) -> Tensor:
        query, key, value = self.query(x), self.key(x), self.value(x)
        weights = torch.softmax(query @ key.mT * self.scale, dim=-1)
        if attention_mask is not None:
            weights = weights * (attention_mask != 0)
        return self.dense(self.dropout(weights) @ value)
