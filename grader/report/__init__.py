"""What a grade comes to, as data and in words."""
