"""Which mistake gives these answers."""
