"""What is sent on to other machines: nothing until a sink is configured."""
