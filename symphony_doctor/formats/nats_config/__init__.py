"""nats.config as the server reads it."""

from symphony_doctor.formats.nats_config.options import Problem, problems
from symphony_doctor.formats.nats_config.pitfalls import Pitfall, pitfalls
from symphony_doctor.formats.nats_config.reader import parse
from symphony_doctor.formats.nats_config.tree import Array, Entry, Map, Scalar, Value

__all__ = ["Array", "Entry", "Map", "Pitfall", "Problem", "Scalar", "Value", "parse", "pitfalls", "problems"]
