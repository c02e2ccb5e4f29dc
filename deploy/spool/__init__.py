"""Acts that wait on a sender's own disk, signed, until the system has taken them."""
