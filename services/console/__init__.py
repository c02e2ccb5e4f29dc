"""The operators' pages over the other services' HTTP interfaces."""
