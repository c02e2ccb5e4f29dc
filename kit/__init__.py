"""Technical code without a business word."""
