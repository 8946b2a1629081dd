"""The real-time process: a plan, staged sound and the media clock in; RTP packets out."""
