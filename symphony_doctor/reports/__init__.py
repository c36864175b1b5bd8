"""A report becomes text or JSON here."""
