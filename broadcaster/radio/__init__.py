"""What the radio staff keep in the state directory, for control and for commands alike."""
