"""The record of rounds: what is on it is on the disk."""
