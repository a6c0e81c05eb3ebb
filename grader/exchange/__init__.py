"""One question and its answer, by roles, put to a worker or to our own solution."""
