"""kata: practise writing attention by hand, and a judge that names the mistake."""

__version__ = "0.1.0"
