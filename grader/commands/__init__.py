"""The commands that `kata` is made of, by the hour they belong to."""
