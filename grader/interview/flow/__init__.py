"""How a round moves on, and what is said on the way; no terminal, no clock of its own."""
