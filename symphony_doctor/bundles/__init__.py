"""Support bundles as values: how evidence is written as JSON, and what a bundle may hold."""
