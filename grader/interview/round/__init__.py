"""A round as data: its plan, its questions, and the events it is made of."""
