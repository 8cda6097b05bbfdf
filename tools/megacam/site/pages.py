"""The files of the app: the pages, styles and scripts of the gallery's export, and a manifest.

for name, content in files().items(): ...      # "index.html": b"<!doctype html>..."
"""

import io
import json
from pathlib import Path

from PIL import Image, ImageDraw

from megacam.cloud.site.documents import APP_POLICY
from megacam.gallery import export, markup

STATIC = Path(__file__).parent / "static"
_OWN = ("index.js", "site.js", "site.css")
# (file, its place in the bar, the view of site.js, scripts of the gallery)
_PAGES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("index.html", "Now", "now", ("basics.js",)),
    ("days.html", "Days", "days", ("basics.js",)),
    ("films.html", "Films", "films", ("basics.js",)),
    ("moments.html", "Moments", "moments", ("basics.js",)),
    ("day.html", "", "day", markup.SCRIPTS),
)
_ICON_SIZES = (180, 192, 512)
# A page's meta element may not say who frames it; the header does.
_META_POLICY = APP_POLICY.replace("; frame-ancestors 'none'", "")
_GROUND, _INK = "#0b7a63", "#eafff8"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
}


def files() -> dict[str, bytes]:
    """Return the name and content of every file of the app."""
    names = dict.fromkeys((*markup.STYLES, *markup.SCRIPTS, "icon.svg"))
    found = {name: (export.STATIC / name).read_bytes() for name in names}
    found |= {name: (STATIC / name).read_bytes() for name in _OWN}
    found |= {page[0]: _page(*page).encode() for page in _PAGES}
    found |= {f"icon-{size}.png": icon(size) for size in _ICON_SIZES}
    return {**found, "app.webmanifest": _manifest().encode()}


def content_type(name: str) -> str:
    """Return the content type of a file of the site."""
    return _TYPES[name.rpartition(".")[2]]


def icon(size: int) -> bytes:
    """Return the gallery's icon as a PNG that systems may cut to a circle or a round square."""
    # Drawn four times as large and shrunk, because Pillow's shapes have hard edges.
    unit = size * 4 / 32
    image = Image.new("RGB", (size * 4, size * 4), _GROUND)
    draw = ImageDraw.Draw(image)

    def box(*corners: float) -> tuple[float, ...]:
        # Everything that counts lies in the middle 80 %, as maskable icons require.
        return tuple((3.2 + corner * 0.8) * unit for corner in corners)

    draw.rounded_rectangle(box(2, 8, 30, 27), 4 * unit, _INK)
    draw.rounded_rectangle(box(10, 4.5, 19, 12), 1.6 * unit, _INK)
    for radius, color in ((7, _GROUND), (3.5, _INK)):
        draw.ellipse(box(16 - radius, 17.5 - radius, 16 + radius, 17.5 + radius), color)
    made = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(made, "PNG", optimize=True)
    return made.getvalue()


def _page(name: str, title: str, view: str, scripts: tuple[str, ...]) -> str:
    heading = f"<h1>{title}</h1>" if title else ""
    head = (
        # Without credentials, the function would refuse the manifest.
        '<link rel="manifest" href="app.webmanifest" crossorigin="use-credentials">'
        '<link rel="apple-touch-icon" href="icon-180.png">'
        f'<meta name="theme-color" content="{_GROUND}"><meta name="robots" content="noindex">'
    )
    return export.page(
        f"{title} · megacam" if title else "megacam",
        f'{heading}<megacam-site view="{view}"></megacam-site>',
        scripts=(*scripts, "index.js", "site.js"),
        styles=(*markup.STYLES, "site.css"),
        policy=_META_POLICY,
        head=head,
        before=_bar(name),
    )


def _bar(here: str) -> str:
    current = ' aria-current="page"'
    links = "".join(
        f'<a href="{name}"{current if name == here else ""}>{title}</a>'
        for name, title, _, _ in _PAGES
        if title
    )
    return (
        '<header class="bar"><div class="bar-inner">'
        '<a class="skip" href="#main">Skip to the photos</a>'
        '<a class="brand" href="index.html"><img src="icon.svg" alt="" width="28" height="28">'
        f'<b>megacam</b></a><nav aria-label="Pages">{links}</nav></div></header>'
    )


def _manifest() -> str:
    icons = [
        {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png",
         "purpose": purpose}
        for size in _ICON_SIZES[1:]
        for purpose in ("any", "maskable")
    ]  # fmt: skip
    return json.dumps(
        {
            "name": "megacam",
            "short_name": "megacam",
            "id": "/_site/",
            "start_url": "/_site/",
            "scope": "/_site/",
            "display": "standalone",
            "background_color": "#101412",
            "theme_color": _GROUND,
            "icons": icons,
        }
    )
