# style: heads stacked along the batch by cat(chunk(...)), the mask likewise, bmm (Kyubyong)
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, num_units, num_heads, dropout_rate=0.0):
        super(MultiHeadAttention, self).__init__()
        if num_units % num_heads != 0:
            raise ValueError("num_units has to be a multiple of num_heads")
        self.num_heads = num_heads
        self.dropout_rate = dropout_rate
        self.linear_q = nn.Linear(num_units, num_units)
        self.linear_k = nn.Linear(num_units, num_units)
        self.linear_v = nn.Linear(num_units, num_units)
        self.out_proj = nn.Linear(num_units, num_units)

    def forward(self, x, mask=None):
        N, T, _ = x.shape
        h = self.num_heads
        # (h*N, T, C/h), head after head
        Q_ = torch.cat(torch.chunk(self.linear_q(x), h, dim=2), dim=0)
        K_ = torch.cat(torch.chunk(self.linear_k(x), h, dim=2), dim=0)
        V_ = torch.cat(torch.chunk(self.linear_v(x), h, dim=2), dim=0)
        outputs = torch.bmm(Q_, K_.permute(0, 2, 1))
        outputs = outputs / (K_.size(-1) ** 0.5)
        if mask is not None:
            mask = mask.expand(N, h, T, T).transpose(0, 1).reshape(h * N, T, T)
            outputs = outputs.masked_fill(mask == 0, -(2.0**32) + 1)
        outputs = F.softmax(outputs, dim=-1)
        outputs = F.dropout(outputs, p=self.dropout_rate, training=self.training)
        outputs = torch.bmm(outputs, V_)
        outputs = torch.cat(torch.chunk(outputs, h, dim=0), dim=2)
        return self.out_proj(outputs)
