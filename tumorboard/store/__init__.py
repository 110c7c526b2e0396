"""Rows and queries: the only place with tables."""
