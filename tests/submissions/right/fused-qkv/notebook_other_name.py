# style: notebook: class of another name, movedim, softmax by hand, prints, a demo with torch's own
# %%
import torch
import torch.nn as nn
import torch.nn.functional as F

print("torch", torch.__version__)
HIDDEN = 8


# %%
def soft(scores):
    # exp() of large scores overflows, hence the maximum is taken off first
    top = scores.max(-1, keepdim=True)[0]
    e = (scores - top).exp()
    return e / e.sum(-1, keepdim=True)


# %%
class SelfAttentionV2(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.in_proj = nn.Linear(hidden_dim, hidden_dim * 3)

    def forward(self, X):
        batch, seq, _ = X.shape
        qkv = self.in_proj(X).view(batch, seq, 3, self.hidden_dim).movedim(2, 0)
        Q, K, V = qkv
        return soft(Q @ K.transpose(1, 2) / self.hidden_dim**0.5) @ V


# %%
if __name__ == "__main__":
    X = torch.rand(3, 2, HIDDEN)
    net = SelfAttentionV2(HIDDEN)
    Q, K, V = net.in_proj(X).chunk(3, -1)
    print((net(X) - F.scaled_dot_product_attention(Q, K, V)).abs().max())
