"""One file per way to reach somebody; a new file here is a new channel."""
