# SA11 extra-residual-or-norm: adds x to the output, which belongs to the block around the layer
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
from torch import Tensor, nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.linear_q = nn.Linear(hidden_dim, hidden_dim)
        self.linear_k = nn.Linear(hidden_dim, hidden_dim)
        self.linear_v = nn.Linear(hidden_dim, hidden_dim)
        self.scale = hidden_dim**-0.5

    def forward(self, x: Tensor) -> Tensor:
        residual = x
        attn = (self.linear_q(x) @ self.linear_k(x).mT * self.scale).softmax(dim=-1)
        return residual + attn @ self.linear_v(x)
