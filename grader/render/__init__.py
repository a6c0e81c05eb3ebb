"""Reports as people read them: nothing here decides or runs anything."""
