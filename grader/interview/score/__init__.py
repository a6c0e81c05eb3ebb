"""What a round came to, with the evidence for it."""
