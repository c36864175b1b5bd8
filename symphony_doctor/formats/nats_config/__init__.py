"""nats.config as the server reads it."""
