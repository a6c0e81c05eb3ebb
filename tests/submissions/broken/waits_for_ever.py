# kata: sdpa
# verdict: time_limit
# why: waits for a result that no thread will ever put into the queue
import queue

_results = queue.Queue()


def scaled_dot_product_attention(query, key, value, mask=None):
    return _results.get()
