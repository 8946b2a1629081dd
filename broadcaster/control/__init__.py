"""Control: decides what the engine is to play, and keeps what was witnessed of it."""
