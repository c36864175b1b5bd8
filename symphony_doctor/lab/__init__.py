"""A real cluster on this machine, to break and to diagnose."""
