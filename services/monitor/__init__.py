"""Judges facts by the rules and keeps the alerts that stand."""
