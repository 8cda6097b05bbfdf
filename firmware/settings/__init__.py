"""config.json: schema, validation, reading."""
