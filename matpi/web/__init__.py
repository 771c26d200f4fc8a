"""Serve a page over HTTP: what the twin's page and the device's own have in common."""
