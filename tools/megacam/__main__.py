"""`python -m megacam` is `megacam`."""

from megacam.cli import main

main()
