# extra: all tokens of the batch meet
# refused: yes
# check: test_each_sequence_of_a_batch_is_attended_to_on_its_own
# named: batch-as-one
import torch


def dot_attention(x):
    tokens = x.reshape(-1, x.size(-1))
    return (torch.softmax(tokens @ tokens.t(), dim=-1) @ tokens).reshape(x.shape)
