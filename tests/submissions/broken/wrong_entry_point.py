# kata: sdpa
# verdict: invalid_submission
# why: helpers only: none of them takes query, key and value
# says: softmax_rows
def softmax_rows(scores):
    return scores.softmax(dim=-1)


def scale(scores, d_k):
    return scores / d_k**0.5
