"""Watches the amplifiers: what their agents, traps and counters say, and what is wrong."""
