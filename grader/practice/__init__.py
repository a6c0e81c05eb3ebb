"""What is remembered of you, and what is next."""
