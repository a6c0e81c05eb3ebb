# extra: no token sees itself
# refused: yes
# check: test_a_long_token_keeps_to_itself
# named: itself-hidden
import torch


def dot_attention(x):
    scores = x @ x.transpose(-2, -1)
    diagonal = torch.eye(x.size(1), dtype=torch.bool, device=x.device)
    scores = scores.masked_fill(diagonal, -1e9)
    return torch.softmax(scores, dim=-1) @ x
