# kata: sdpa
# verdict: time_limit
# why: waits for a lock that it holds itself
import threading

_lock = threading.Lock()


def scaled_dot_product_attention(query, key, value, mask=None):
    _lock.acquire()
    _lock.acquire()
