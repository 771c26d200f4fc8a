"""What can be asked of a log, of a running device or not: one struct a request, which knows how it is performed."""
