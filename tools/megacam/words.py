"""Numbers and articles in sentences for people."""


def count(number: float, word: str) -> str:
    """Return "1 photo", "2 photos", "1,000 photos": `word` is the one."""
    return f"{number:,.0f} {word}" + ("" if round(number) == 1 else "s")


def a(word: str) -> str:
    """Return `word` with "a" or "an" before it, by its first letter."""
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"
