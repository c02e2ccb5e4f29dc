"""The monitor's settings."""

from pathlib import Path

from pydantic import Field, model_validator

from kit.config import ServiceSettings


class Settings(ServiceSettings):
    """What an operator may set for the monitor."""

    batch: int = Field(
        default=1000, ge=1, le=5000, validation_alias="MONITOR_BATCH", description="The most facts of one transaction."
    )
    wait: float = Field(
        default=0.002,
        ge=0,
        le=1,
        validation_alias="MONITOR_WAIT",
        description="Seconds to wait for a batch to fill, at most.",
    )
    release_file: Path | None = Field(
        default=None,
        validation_alias="JIANFU_RELEASE_FILE",
        description="The signed release of the rule book (jianfu policy sign). Where it is set, no other book judges.",
    )
    release_author_keys: Path | None = Field(
        default=None,
        validation_alias="JIANFU_RELEASE_AUTHOR_KEYS",
        description="PEM file with the Ed25519 public keys of those who may author a rule book.",
    )
    release_approver_keys: Path | None = Field(
        default=None,
        validation_alias="JIANFU_RELEASE_APPROVER_KEYS",
        description="PEM file with the Ed25519 public keys of those who may approve one.",
    )

    @model_validator(mode="after")
    def _all_or_none(self) -> "Settings":
        """Refuse a release without keys to check it with: it would look checked."""
        given = [one is not None for one in (self.release_file, self.release_author_keys, self.release_approver_keys)]
        if any(given) and not all(given):
            raise ValueError(
                "JIANFU_RELEASE_FILE, JIANFU_RELEASE_AUTHOR_KEYS and JIANFU_RELEASE_APPROVER_KEYS go together"
            )
        return self
