# CM14 causal-but-not-attention: a mean over the visible past, no query meets any key
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, n_embd, n_head, dropout=0.0):
        super().__init__()
        assert n_embd % n_head == 0
        self.n_head = n_head
        self.query = nn.Linear(n_embd, n_embd, bias=False)
        self.key = nn.Linear(n_embd, n_embd, bias=False)
        self.value = nn.Linear(n_embd, n_embd, bias=False)
        self.proj = nn.Linear(n_embd, n_embd)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, attention_mask=None):
        B, T, C = x.shape
        v = self.value(x).view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        # version 3: use softmax
        wei = torch.zeros((B, self.n_head, T, T), dtype=x.dtype, device=x.device)
        tril = torch.tril(torch.ones(T, T, device=x.device))
        wei = wei.masked_fill(tril == 0, float("-inf"))
        if attention_mask is not None:
            wei = wei.masked_fill(attention_mask == 0, float("-inf"))
        wei = self.dropout(torch.softmax(wei, dim=-1))
        return self.proj((wei @ v).transpose(1, 2).reshape(B, T, C))
