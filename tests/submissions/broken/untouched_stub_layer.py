# kata: multi-head
# verdict: runtime_error | invalid_submission
# why: nothing has been written yet, and the layer cannot even be built
from torch import nn


class MultiHeadAttention(nn.Module):
    """Attention in num_heads heads."""

    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, attention_mask=None):
        raise NotImplementedError
