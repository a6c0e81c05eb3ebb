# kata: sdpa
# verdict: runtime_error | memory_limit | time_limit
# why: raises the recursion limit and then recurses through C until the stack is gone
import functools
import sys

sys.setrecursionlimit(10**9)


def _deeper(depth, again):
    return functools.reduce(lambda total, step: again(total + step, again), [depth, 1])


def scaled_dot_product_attention(query, key, value, mask=None):
    return _deeper(0, _deeper)
