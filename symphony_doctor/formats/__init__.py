"""Pure parsers: bytes in, values with file, line and column out."""
