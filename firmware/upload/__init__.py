"""What happens around an upload: trying again, keeping a photo, sending what waits."""
