"""A real browser for tests of web pages."""
