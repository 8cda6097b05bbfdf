"""Numbers and articles in messages."""


def count(number: float, word: str) -> str:
    """Return "1 photo", "2 photos" or "1,000 photos"; `word` is the singular."""
    return f"{number:,.0f} {word}" + ("" if round(number) == 1 else "s")


def a(word: str) -> str:
    """Return `word` after "a" or "an", chosen by its first letter."""
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"
