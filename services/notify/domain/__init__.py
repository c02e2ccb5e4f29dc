"""What notify decides: who is told what and when or why not, and where a clue may go; all of it pure."""
