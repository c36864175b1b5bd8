"""``python -m symphony_doctor``."""

from symphony_doctor.commands._main import main

main()
