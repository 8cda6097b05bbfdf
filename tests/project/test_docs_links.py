"""Every relative link in the README and in docs/ leads to an existing file and heading."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
_LINK = re.compile(r"\]\(([^()\s]+)\)|\bsrc=\"([^\"]+)\"")


def _prose(page):
    """Return the text of a page without its code, because links in code do not count."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)


def _links(page):
    prose = re.sub(r"`[^`\n]*`", "", _prose(page))
    return [a or b for a, b in _LINK.findall(prose) if not re.match(r"[a-z]+:", a or b)]


def _anchors(page):
    """Return the anchors that GitHub creates for the headings of a page."""
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *$", _prose(page), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = sum(re.fullmatch(rf"{re.escape(slug)}(-\d+)?", one) is not None for one in found)
        found.add(f"{slug}-{number}" if number else slug)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    dead = []
    for link in _links(page):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            dead.append(link)
    assert not dead


def test_the_readme_links_every_page():
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in _links(ROOT / "README.md")}
    assert [page.name for page in PAGES if page.name != "README.md" and page not in linked] == []
