# kata: sdpa
# verdict: runtime_error
# why: a message of 50 MB: the report has to stay readable
def scaled_dot_product_attention(query, key, value, mask=None):
    raise ValueError("accepted " * 5_500_000)
