# first-head-mask-unscaled: only the first head's mask is used for all heads; the scores are not scaled
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: no-scale, mask-of-the-first
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.nh = num_heads
        self.hd = hidden_dim // num_heads
        self.wq = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.wk = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.wv = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.wo = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        bsz, seqlen, _ = x.shape
        xq, xk, xv = self.wq(x), self.wk(x), self.wv(x)
        xq = xq.view(bsz, seqlen, self.nh, self.hd).transpose(1, 2)
        xk = xk.view(bsz, seqlen, self.nh, self.hd).transpose(1, 2)
        xv = xv.view(bsz, seqlen, self.nh, self.hd).transpose(1, 2)
        scores = torch.matmul(xq, xk.transpose(2, 3))
        if mask is not None:
            if mask.dim() == 4:
                mask = mask[:, :1]
            scores = scores.masked_fill(mask == 0, float("-inf"))
        scores = self.dropout(torch.softmax(scores, dim=-1))
        output = torch.matmul(scores, xv)
        output = output.transpose(1, 2).contiguous().view(bsz, seqlen, -1)
        return self.wo(output)
