"""What each model of the Arducam Mega offers, by the id that it answers with."""
