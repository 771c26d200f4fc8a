"""The one door of a device: typed requests, and the control socket on which the running device takes them."""
