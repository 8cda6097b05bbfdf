"""The gallery's pages, one module each; a module's add(gallery) registers its routes."""
