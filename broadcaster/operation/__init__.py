"""Simulated operation: months of a station in minutes, one seed, SAFETY's rules as invariants."""
