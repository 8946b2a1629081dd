"""The nouns everyone speaks of: media time, sound, sites, zones, claims and whose turn it is."""
