"""Keeps the journal of facts and the ledgers read from it."""
