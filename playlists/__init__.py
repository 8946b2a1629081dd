"""What plays on an ordinary day: recordings, playlists, rotation and their expansion in time."""
