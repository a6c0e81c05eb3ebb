# kata: multi-head
# verdict: time_limit | invalid_submission
# why: never finishes building the layer
import time

from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        while True:
            time.sleep(0.1)

    def forward(self, x, attention_mask=None):
        return x
