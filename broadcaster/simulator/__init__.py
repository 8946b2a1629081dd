"""What stands in for the real world in the demo and in tests: music, amplifiers, sites."""
