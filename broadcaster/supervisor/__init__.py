"""The supervisor: takes the run directory, opens the sockets, starts, watches and restarts."""
