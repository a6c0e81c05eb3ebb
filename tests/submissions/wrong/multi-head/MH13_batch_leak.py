# MH13 batch-leak: view(H, B, S, d) cuts across the batch, one sequence reads another
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_head, dropout=0.0):
        super().__init__()
        assert d_model % n_head == 0
        self.n_head = n_head
        self.d_k = d_model // n_head
        self.w_q = nn.Linear(d_model, d_model, bias=False)
        self.w_k = nn.Linear(d_model, d_model, bias=False)
        self.w_v = nn.Linear(d_model, d_model, bias=False)
        self.fc = nn.Linear(d_model, d_model, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        b, length, _ = x.shape
        # heads first, so that they can be treated like a batch
        q = self.w_q(x).view(self.n_head, b, length, self.d_k)
        k = self.w_k(x).view(self.n_head, b, length, self.d_k)
        v = self.w_v(x).view(self.n_head, b, length, self.d_k)
        attn = torch.matmul(q / self.d_k**0.5, k.transpose(2, 3))
        if mask is not None:
            mask = mask.expand(b, self.n_head, length, length).transpose(0, 1)
            attn = attn.masked_fill(mask == 0, -1e9)
        attn = self.dropout(torch.softmax(attn, dim=-1))
        out = torch.matmul(attn, v)
        return self.fc(out.permute(1, 2, 0, 3).reshape(b, length, -1))
