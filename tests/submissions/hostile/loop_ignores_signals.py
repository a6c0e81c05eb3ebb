# kata: sdpa
# verdict: time_limit
# why: switches timers off and ignores every signal that can be ignored
import contextlib
import signal
import time


def scaled_dot_product_attention(query, key, value, mask=None):
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(0.1)
