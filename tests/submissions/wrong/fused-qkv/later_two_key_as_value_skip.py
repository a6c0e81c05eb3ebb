# key-as-value-skip: the weights sum the keys instead of the values; the input is added as a residual
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: key-for-value, extra-residual-or-norm
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.query_key_value = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.inv_norm = 1 / (hidden_dim ** 0.5)

    def forward(self, hidden_states):
        residual = hidden_states
        b, s, d = hidden_states.size()
        fused = self.query_key_value(hidden_states).view(b, s, 3, d)
        query_layer, key_layer, value_layer = fused[:, :, 0], fused[:, :, 1], fused[:, :, 2]
        probs = F.softmax(query_layer @ key_layer.transpose(1, 2) * self.inv_norm, dim=-1)
        context = probs @ key_layer
        return context + residual
