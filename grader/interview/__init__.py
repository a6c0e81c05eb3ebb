"""The mock interview: a staged, timed round, recorded event by event."""
