"""The subcommands of `megacam`: each module parses and prints, the work is done elsewhere."""
