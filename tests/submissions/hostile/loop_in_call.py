# kata: sdpa
# verdict: time_limit
# why: never answers, and burns its processor meanwhile
def scaled_dot_product_attention(query, key, value, mask=None):
    while True:
        pass
