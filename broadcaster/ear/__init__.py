"""The ear: hears our own streams as they leave and compares them with the plan."""
