"""Rules are loaded, selected, run and folded here."""
