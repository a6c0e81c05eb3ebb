"""The commands that `kata` is made of."""
