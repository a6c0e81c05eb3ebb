# kata: sdpa
# verdict: time_limit | runtime_error
# why: prints for ever: neither a full pipe nor a full memory may take the judge along
def scaled_dot_product_attention(query, key, value, mask=None):
    while True:
        print("accepted " * 1000)
