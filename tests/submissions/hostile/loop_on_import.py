# kata: sdpa
# verdict: time_limit | invalid_submission
# why: never finishes importing
while True:
    pass
