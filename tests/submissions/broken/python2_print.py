# kata: sdpa
# verdict: invalid_submission
# why: written for an interpreter of another age
# says: print
def scaled_dot_product_attention(query, key, value, mask=None):
    print query.shape
    return value
