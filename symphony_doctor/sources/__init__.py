"""Evidence gathering: all input and output of a diagnosis."""
