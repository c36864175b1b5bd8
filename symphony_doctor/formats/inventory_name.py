"""What an inventory is called. By itself, as a run without one imports nothing else of it."""

from typing import Final

NAME: Final = "symphony-doctor.toml"
