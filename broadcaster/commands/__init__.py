"""What one can type after `broadcaster`, apart from what belongs to a process of its own."""
