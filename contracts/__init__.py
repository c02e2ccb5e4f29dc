"""The published language: events, envelope and catalogue; pydantic only."""
