# extra: a triangle from habit
# refused: yes
# check: test_permuting_the_tokens_permutes_the_result
# named: causal-uninvited
import torch


def dot_attention(x):
    scores = x @ x.mT
    length = x.size(1)
    future = torch.triu(torch.ones(length, length, device=x.device), diagonal=1).bool()
    return torch.softmax(scores.masked_fill(future, float("-inf")), dim=-1) @ x
