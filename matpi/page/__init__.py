"""The device's page: a process of its own that reads the log and asks the running device."""
