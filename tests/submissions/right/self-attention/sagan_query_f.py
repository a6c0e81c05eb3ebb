# style: query_f / key_f / value_f, permute, nn.Softmax, exponentials in float32 and back
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    """Self attention"""

    def __init__(self, in_dim):
        super(SelfAttention, self).__init__()
        self.in_dim = in_dim
        self.query_f = nn.Linear(in_features=in_dim, out_features=in_dim)
        self.key_f = nn.Linear(in_features=in_dim, out_features=in_dim)
        self.value_f = nn.Linear(in_features=in_dim, out_features=in_dim)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x):
        m_batchsize, length, C = x.size()
        proj_query = self.query_f(x)  # B x L x C
        proj_key = self.key_f(x).permute(0, 2, 1)  # B x C x L
        energy = torch.baddbmm(
            x.new_zeros(m_batchsize, length, length), proj_query, proj_key, alpha=C**-0.5
        )
        attention = self.softmax(energy.float()).type_as(x)  # B x L x L
        return torch.bmm(attention, self.value_f(x))
