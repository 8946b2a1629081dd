"""API and pages for people: holds control's snapshots, sends commands, knows who asks."""
