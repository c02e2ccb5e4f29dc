"""One file for each family of subcommands of jianfu."""
