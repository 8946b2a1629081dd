"""The running station: everything that touches sockets, files, devices and processes."""
