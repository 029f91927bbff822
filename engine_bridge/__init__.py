"""Wire protocol, clip formats and engine clients of SPACE runtime."""
