"""What an operator may set for intake, besides what every service has."""

from pydantic import Field

from kit.config import ServiceSettings


class Settings(ServiceSettings):
    """Intake's settings."""

    most_waiting: int = Field(
        default=20_000,
        ge=1000,
        validation_alias="INTAKE_MOST_WAITING",
        description="The most items that wait for storage; beyond it senders are told to come again (429).",
    )
    most_a_minute: int = Field(
        default=1_200_000,
        ge=1,
        validation_alias="INTAKE_MOST_A_MINUTE",
        description="The most items a minute of one token, and of one source; beyond it a sender is told to wait (429).",
    )
    tells_days: bool = Field(
        default=True,
        validation_alias="INTAKE_TELLS_DAYS",
        description="Whether this process states that a day ended (clock.day_ended).",
    )
