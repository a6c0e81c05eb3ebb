# CM05 zero-fill: future scores are set to 0 instead of the lowest number
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
import torch
from torch import nn


class Conv1D(nn.Module):
    def __init__(self, nf, nx):
        super().__init__()
        self.nf = nf
        self.weight = nn.Parameter(torch.empty(nx, nf))
        self.bias = nn.Parameter(torch.zeros(nf))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x):
        size_out = (*x.size()[:-1], self.nf)
        return torch.addmm(self.bias, x.reshape(-1, x.size(-1)), self.weight).view(size_out)


class GPT2Attention(nn.Module):
    def __init__(self, config, is_cross_attention=False, layer_idx=None):
        super().__init__()
        n = config.max_position_embeddings
        triangle = torch.tril(torch.ones((n, n), dtype=torch.bool)).view(1, 1, n, n)
        self.register_buffer("bias", triangle, persistent=False)
        self.embed_dim = config.hidden_size
        self.num_heads = config.num_attention_heads
        self.head_dim = self.embed_dim // self.num_heads
        if self.head_dim * self.num_heads != self.embed_dim:
            raise ValueError("`embed_dim` must be divisible by num_heads")
        self.scale_attn_weights = getattr(config, "scale_attn_weights", True)
        self.c_attn = Conv1D(3 * self.embed_dim, self.embed_dim)
        self.c_proj = Conv1D(self.embed_dim, self.embed_dim)
        self.attn_dropout = nn.Dropout(config.attn_pdrop)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, hidden_states, layer_past=None, attention_mask=None, head_mask=None,
                use_cache=False, output_attentions=False):
        parts = self.c_attn(hidden_states).split(self.embed_dim, dim=2)
        q, k, v = (
            t.view(*t.shape[:-1], self.num_heads, self.head_dim).transpose(1, 2) for t in parts
        )
        w = torch.matmul(q, k.transpose(-1, -2)) / self.head_dim**0.5
        L, lowest = q.size(-2), torch.finfo(w.dtype).min
        w = torch.where(self.bias[:, :, :L, :L], w, 0.0)
        if attention_mask is not None:
            w = torch.where(attention_mask.bool(), w, lowest)
        w = self.attn_dropout(w.softmax(dim=-1))
        if head_mask is not None:
            w = w * head_mask
        y = torch.matmul(w, v).transpose(1, 2).contiguous().flatten(2)
        outputs = (self.resid_dropout(self.c_proj(y)), None)
        return (*outputs, w) if output_attentions else outputs
