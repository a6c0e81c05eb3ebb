# style: bare parameters, one letter each, a softmax written out
import torch
from torch import nn


class GroupedQueryAttention(nn.Module):
    def __init__(self, D, H, K):
        super().__init__()
        if D % H or H % K:
            raise ValueError((D, H, K))
        self.H, self.K, self.d = H, K, D // H
        self.W_q = nn.Parameter(torch.randn(D, D) / D**0.5)
        self.W_k = nn.Parameter(torch.randn(D, K * self.d) / D**0.5)
        self.W_v = nn.Parameter(torch.randn(D, K * self.d) / D**0.5)
        self.W_o = nn.Parameter(torch.randn(D, D) / D**0.5)

    def forward(self, X, M=None):
        B, S, D = X.shape
        Q = (X @ self.W_q).view(B, S, self.H, self.d).permute(0, 2, 1, 3)
        K = (X @ self.W_k).view(B, S, self.K, self.d).permute(0, 2, 3, 1)
        V = (X @ self.W_v).view(B, S, self.K, self.d).permute(0, 2, 1, 3)
        K = torch.repeat_interleave(K, self.H // self.K, 1)
        V = torch.repeat_interleave(V, self.H // self.K, 1)
        E = Q @ K / self.d**0.5
        if M is not None:
            E = torch.where(M != 0, E, torch.full_like(E, torch.finfo(E.dtype).min))
        A = (E - E.amax(-1, keepdim=True)).exp()
        if M is not None:
            A = A * (M != 0)
        A = A / A.sum(-1, keepdim=True).clamp(min=1e-30)
        return (A @ V).permute(0, 2, 1, 3).reshape(B, S, D) @ self.W_o
