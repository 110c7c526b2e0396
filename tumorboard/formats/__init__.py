"""Translates between bytes and the values of the domain: calendars, case lists, clinical messages, paper."""
