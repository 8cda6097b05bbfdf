"""The board on USB: its files, deploying, flashing, provisioning."""
