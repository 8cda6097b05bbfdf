"""config.json: its schema, checking it, reading it."""
