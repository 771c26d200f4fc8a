"""What leaves the machine, when somebody wants it to: off until a sink is configured."""
