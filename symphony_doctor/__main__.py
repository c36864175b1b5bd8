"""``python -m symphony_doctor``."""

from symphony_doctor.entry import main

main()
