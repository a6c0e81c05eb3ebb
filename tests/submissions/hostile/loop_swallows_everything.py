# kata: sdpa
# verdict: time_limit
# why: a deadline raised inside the process, of whatever class, is swallowed
import time


def scaled_dot_product_attention(query, key, value, mask=None):
    while True:
        try:
            time.sleep(0.1)
        except BaseException:
            continue
