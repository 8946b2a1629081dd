"""Boards, beacons, gates and contacts: told of warnings beside the sound, never in its way."""
