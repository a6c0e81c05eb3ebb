"""Reports as lines on a terminal."""
