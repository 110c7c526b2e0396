"""Shapes of the JSON API, written by hand: a new column never leaks by default."""
