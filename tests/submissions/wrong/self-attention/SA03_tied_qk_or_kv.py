# SA03 tied-qk-or-kv: copied line, the keys come out of the query projection
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, emb: int):
        super().__init__()
        self.emb = emb
        self.q_proj = nn.Linear(emb, emb)
        self.k_proj = nn.Linear(emb, emb)
        self.v_proj = nn.Linear(emb, emb)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        queries = self.q_proj(x)
        keys = self.q_proj(x)
        values = self.v_proj(x)
        dot = torch.bmm(queries, keys.transpose(1, 2)) / self.emb**0.5
        return torch.bmm(F.softmax(dot, dim=2), values)
