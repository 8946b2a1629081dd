"""Where detections come in: outside bytes are authenticated, read and handed to control."""
