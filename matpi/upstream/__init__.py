"""Send records on to other machines. Nothing is sent until a sink is configured."""
