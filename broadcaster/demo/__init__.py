"""The demo: the whole station on one machine, with virtual amplifiers and a live table."""
