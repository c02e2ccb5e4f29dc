"""What users read in place of field names."""


def label(field: str) -> str:
    """Return the Chinese name of a field."""
    return field
