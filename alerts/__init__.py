"""From a detection to a warning: evidence, rules, the life of an alert and its words."""
