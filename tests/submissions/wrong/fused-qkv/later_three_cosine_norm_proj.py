# cosine-norm-proj: query and key are normalised to length one before the scores; a further output projection is applied; a layer norm is put on the input
# refused: yes
# check: test_its_weights_are_the_fused_projection_and_nothing_more
# named: extra-projection, input-normalised, cosine-scores
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale = dim ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x):
        x = F.layer_norm(x, (x.shape[-1],))
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        sim = torch.einsum('b i d, b j d -> b i j', q, k) * self.scale
        attn = sim.softmax(dim=-1)
        return self.to_out(torch.einsum('b i j, b j d -> b i d', attn, v))
