"""The console in a real browser, in front of a whole station with virtual amplifiers."""
