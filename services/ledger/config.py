"""The ledger's settings."""

from pathlib import Path

from pydantic import Field

from kit.config import ServiceSettings
from services.ledger.chain import Algorithm


class Settings(ServiceSettings):
    """What an operator may set for the ledger."""

    batch: int = Field(
        default=2000, ge=1, le=5000, validation_alias="LEDGER_BATCH", description="The most facts of one transaction."
    )
    wait: float = Field(
        default=0.01,
        ge=0,
        le=1,
        validation_alias="LEDGER_WAIT",
        description="Seconds to wait for a batch to fill, at most.",
    )
    algorithm: Algorithm = Field(
        default="sha256",
        validation_alias="LEDGER_HASH",
        description="Hash of the journal's chain from now on; every entry keeps the name of its own.",
    )
    export_rows: int = Field(
        default=50_000,
        ge=1,
        le=1_000_000,
        validation_alias="LEDGER_EXPORT_ROWS",
        description="The most rows of one exported workbook.",
    )
    journal_key_file: Path | None = Field(
        default=None,
        validation_alias="JOURNAL_KEY_FILE",
        description="PEM file with the Ed25519 key that signs checkpoints of the journal; none: it is not signed.",
    )
    checkpoint_facts: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        validation_alias="LEDGER_CHECKPOINT_FACTS",
        description="Facts after which the journal is signed without waiting longer.",
    )
    checkpoint_seconds: float = Field(
        default=10,
        gt=0,
        le=86_400,
        validation_alias="LEDGER_CHECKPOINT_SECONDS",
        description="Seconds after which the journal is signed if anything is new.",
    )
