"""What a sender says of a ledger file beside the file itself."""
