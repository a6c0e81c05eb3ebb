"""The process beside the submission: confined, it answers and decides nothing."""
