"""How well motion is found, and how often it is seen where there is none: `make motion-score`."""
