"""The settings that every service has; a service adds its own in its ``config.py``."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What an operator may set for any service, by environment variable; required things have no default."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    nats_url: SecretStr = Field(
        validation_alias="NATS_URL",
        description="NATS: nats://user@host:4222?seed_file=…&ca_file=… (an nkey seed; an authority turns TLS on).",
    )
    database_url: SecretStr = Field(
        validation_alias="DATABASE_URL", description="The PostgreSQL database, as postgresql://…"
    )
    database_connections: int = Field(
        default=8,
        ge=2,
        le=100,
        validation_alias="DATABASE_CONNECTIONS",
        description="The most connections of each of this process's two pools: one writes, one answers callers.",
    )
    public_key_file: Path = Field(
        validation_alias="JIANFU_PUBLIC_KEY_FILE",
        description="PEM file with the Ed25519 public keys that tokens are checked with.",
    )
    oidc_file: Path | None = Field(
        default=None,
        validation_alias="JIANFU_OIDC_FILE",
        description="TOML file that names an OpenID Connect issuer whose tokens are accepted too (kit/oidc.py).",
    )
    host: str = Field(default="127.0.0.1", validation_alias="HOST", description="Address to listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, validation_alias="PORT", description="Port to listen on; 0 takes a free one."
    )
    most_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=1024 * 1024,
        validation_alias="MOST_BYTES",
        description="The most bytes of requests in progress; beyond it senders are told to come again (429).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="LOG_LEVEL", description="The least severe level that is logged."
    )
    otlp_endpoint: str | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Base URL of the OTLP/HTTP collector; none: no export.",
    )


def reveal(value: SecretStr | str) -> str:
    """Return the text of a secret, or a text that never was one (tests)."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value
