"""The settings of the console."""

from pydantic import Field, SecretStr

from kit.config import ServiceSettings


class Settings(ServiceSettings):
    """Where the console listens and which services it asks; it has no database and no NATS user of its own."""

    nats_url: SecretStr = Field(
        default=SecretStr(""), validation_alias="NATS_URL", description="Not used by the console."
    )
    database_url: SecretStr = Field(
        default=SecretStr(""), validation_alias="DATABASE_URL", description="Not used by the console."
    )
    intake_url: str = Field(validation_alias="INTAKE_URL", description="Base URL of intake.")
    ledger_url: str = Field(validation_alias="LEDGER_URL", description="Base URL of the ledger.")
    monitor_url: str = Field(validation_alias="MONITOR_URL", description="Base URL of the monitor.")
    notify_url: str = Field(validation_alias="NOTIFY_URL", description="Base URL of notify.")
    answer_seconds: float = Field(
        default=10.0,
        gt=0,
        le=120,
        validation_alias="CONSOLE_ANSWER_SECONDS",
        description="The longest wait for a service's answer.",
    )
