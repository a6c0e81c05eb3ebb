# output-normed: a layer norm is put on the output
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: result-normalised
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_head, dropout=0.0):
        super().__init__()
        if d_model % n_head != 0:
            raise ValueError("d_model must be divisible by n_head")
        self.n_head = n_head
        self.d_k = d_model // n_head
        self.w_qs = nn.Linear(d_model, d_model, bias=False)
        self.w_ks = nn.Linear(d_model, d_model, bias=False)
        self.w_vs = nn.Linear(d_model, d_model, bias=False)
        self.fc = nn.Linear(d_model, d_model, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.layer_norm = nn.LayerNorm(d_model, eps=1e-6, elementwise_affine=False)

    def forward(self, x, mask=None):
        sz_b, length, _ = x.shape
        q = self.w_qs(x).view(sz_b, length, self.n_head, self.d_k).transpose(1, 2)
        k = self.w_ks(x).view(sz_b, length, self.n_head, self.d_k).transpose(1, 2)
        v = self.w_vs(x).view(sz_b, length, self.n_head, self.d_k).transpose(1, 2)
        attn = torch.matmul(q / self.d_k ** 0.5, k.transpose(2, 3))
        if mask is not None:
            attn = attn.masked_fill(mask == 0, -1e9)
        attn = self.dropout(F.softmax(attn, dim=-1))
        out = torch.matmul(attn, v).transpose(1, 2).contiguous().view(sz_b, length, -1)
        return self.layer_norm(self.fc(out))
