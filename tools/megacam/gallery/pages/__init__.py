"""The gallery's pages, one module each; add(gallery) of a module registers its routes."""
