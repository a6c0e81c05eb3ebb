"""From a file to a report, here or in a process of its own."""
