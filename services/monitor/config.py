"""The monitor's settings."""

from pydantic import Field

from kit.config import ServiceSettings


class Settings(ServiceSettings):
    """What an operator may set for the monitor."""

    batch: int = Field(
        default=1000, ge=1, le=5000, validation_alias="MONITOR_BATCH", description="The most facts of one transaction."
    )
    wait: float = Field(
        default=0.01,
        ge=0,
        le=1,
        validation_alias="MONITOR_WAIT",
        description="Seconds to wait for a batch to fill, at most.",
    )
