"""What each amplifier family and firmware range can do, as data, and its reader."""
