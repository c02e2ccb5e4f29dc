"""Ledgers that offices keep as files, read row by row into facts."""
