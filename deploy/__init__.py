"""How the system runs: embedded servers, supervisor, command line."""
