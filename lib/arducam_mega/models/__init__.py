"""The settings of each Arducam Mega model, by its id."""
