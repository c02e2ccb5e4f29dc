"""What can be wrong with the machine that the embedded servers run on."""


class Unusable(Exception):
    """The servers cannot run here as things are; the Chinese text says why and what to do about it."""
