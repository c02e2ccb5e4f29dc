"""What an operator may set for notify."""

from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, SecretStr, StringConstraints

from contracts.event import Key
from kit.config import ServiceSettings

_HERE: Final = Path(__file__).resolve().parent


class Settings(ServiceSettings):
    """The settings of notify beside those of every service."""

    clues_nats_url: SecretStr = Field(
        validation_alias="CLUES_NATS_URL",
        description="The NATS account of the clues, as NATS_URL; nobody else connects to it.",
    )
    routes_file: Path = Field(
        default=_HERE / "routes.toml", validation_alias="NOTIFY_ROUTES_FILE", description="Who is told of which alert."
    )
    channels_file: Path = Field(
        default=_HERE / "channels.toml",
        validation_alias="NOTIFY_CHANNELS_FILE",
        description="The receivers and their channels.",
    )
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        validation_alias="NOTIFY_ALLOWED_NETWORKS",
        description='Networks that are not public and may yet receive webhooks, as JSON: ["10.0.0.0/8"].',
    )
    channel_timeout: timedelta = Field(
        default=timedelta(seconds=10),
        gt=timedelta(0),
        le=timedelta(minutes=2),
        validation_alias="NOTIFY_CHANNEL_TIMEOUT",
        description="The longest that one attempt to deliver may take.",
    )
    keep_trying: timedelta = Field(
        default=timedelta(hours=72),
        gt=timedelta(0),
        validation_alias="NOTIFY_KEEP_TRYING",
        description="How long a message is tried again before it is given up and shown as expired (our parameter).",
    )
    digest_at: time = Field(
        default=time(17),
        validation_alias="NOTIFY_DIGEST_AT",
        description="When daily digests leave, China time (our parameter).",
    )
    clue_working_days: int = Field(
        default=5,
        ge=1,
        le=60,
        validation_alias="NOTIFY_CLUE_WORKING_DAYS",
        description="Working days to sign for a clue before it goes to the desk above (our parameter).",
    )
    unit: Key = Field(
        default="jianfu", validation_alias="NOTIFY_UNIT", description="The unit that notify's own facts name as acting."
    )
    console_url: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,200}$")] | None = Field(
        default=None, validation_alias="NOTIFY_CONSOLE_URL", description="Where mails send a person to look further."
    )
    stream_buffer: int = Field(
        default=4096,
        ge=16,
        le=100_000,
        validation_alias="NOTIFY_STREAM_BUFFER",
        description="Alert changes kept in memory.",
    )
    stream_clients: int = Field(
        default=500,
        ge=1,
        le=10_000,
        validation_alias="NOTIFY_STREAM_CLIENTS",
        description="The most event streams at once.",
    )
