"""The doctor: what it examines, and what each finding means."""
