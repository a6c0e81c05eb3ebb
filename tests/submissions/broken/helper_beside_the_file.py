# kata: sdpa
# verdict: invalid_submission
# why: imports a file of its own, but a submission is one file
# says: my_attention_utils
from my_attention_utils import scaled_scores


def scaled_dot_product_attention(query, key, value, mask=None):
    return scaled_scores(query, key, mask).softmax(dim=-1) @ value
