"""A verdict on every save."""
