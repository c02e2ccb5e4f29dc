"""The garbage collector, told of how a service uses memory."""

import gc
from typing import Final

YOUNG: Final = 150_000
"""How many more values must live than after the last look before the collector looks again: more than two batches of 2,000
facts, which would otherwise be looked at again and again, a quarter of the time, and end by themselves in a moment."""


def calm(young: int = YOUNG) -> None:
    """Take what there is now for permanent, and look for lost cycles more rarely than Python does by itself.

    ``young``: the number of new values at which to look, for who keeps many on purpose.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, 10, 10)
