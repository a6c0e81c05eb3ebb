"""Readings: one aspect of a submission at a time, measured from outside."""
