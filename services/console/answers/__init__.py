"""What the four services answer, as far as the pages show it; one file per service."""
