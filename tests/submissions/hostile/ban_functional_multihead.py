# kata: multi-head
# verdict: banned_call
# why: its own parameters, and the function behind torch's layer
import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        batch, length, width = x.shape
        hidden = None
        if attention_mask is not None:
            hidden = (attention_mask == 0).expand(batch, self.num_heads, length, length)
            hidden = hidden.reshape(-1, length, length)
        x, qkv, out = x.transpose(0, 1), self.qkv_proj, self.output_proj
        output, _ = torch.nn.functional.multi_head_attention_forward(
            *(x, x, x, width, self.num_heads, qkv.weight, qkv.bias, None, None, False),
            *(self.dropout.p, out.weight, out.bias, self.training, None, False, hidden),
        )
        return output.transpose(0, 1)
