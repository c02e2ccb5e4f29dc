"""Delivers alerts and hands clues over to the discipline side."""
