"""What a camera was offered and has not taken yet, and what of it a new release would take away.

Pure functions.
"""

from collections.abc import Iterable, Mapping

from megacam.update import content as contents
from megacam.update.content import Content
from megacam.update.manifest import Manifest
from megacam.update.watch import Sample

_WORDS = {
    "firmware": "firmware",
    "lib": "firmware",
    "roots": "root certificates",
    contents.SETTINGS: "settings",
}


def waits(found: Manifest, now: Sample, before: Sample | None, at: int) -> bool:
    """Return whether a camera may still take the release `found` at `at`, UTC seconds since 1970.

    `now` and `before`: how it is, and how it was when the release was pushed, None if unknown. A
    release from which it went back is one that it has taken.
    """
    # A report is put before the camera asks for a release, so the refusal may be of another one.
    is_refused = before is not None and now.refused not in ("", before.refused)
    return found.counter > (now.release or 0) and at < found.expires and not is_refused


def lost(
    found: Manifest, new: Content, wifi: object = None, next_key: object = None, whole: bool = True
) -> list[str]:
    """Return what `found` brings and a release of `new`, `wifi` and `next_key` does not, in words.

    `whole`: its settings say all, and are not those of the camera with some changes.
    """
    was = {file.path: file.sha256 for file in found.files}
    kept = set(_parts(new.files, wifi, next_key))
    if not whole and was.get(contents.SETTINGS) != contents.digest(new.files[contents.SETTINGS]):
        kept.discard("settings")
    return [part for part in _parts(was, found.wifi, found.next_key) if part not in kept]


def _parts(paths: Iterable[str], wifi: object, next_key: object) -> list[str]:
    tops = (path.partition("/")[0] for path in paths)
    named = [_WORDS[top] for top in tops if top in _WORDS]
    more = {"Wi-Fi": wifi, "next key": next_key}
    return list(dict.fromkeys([*named, *(word for word, one in more.items() if one)]))


def sentence(losses: Mapping[str, tuple[int, list[str]]]) -> str:
    """Return what to tell the owner of {camera: (counter, what it would lose)}."""
    groups: dict[tuple[int, str], list[str]] = {}
    for device, (counter, words) in losses.items():
        groups.setdefault((counter, ", ".join(words)), []).append(device)
    told = (
        f"{', '.join(names)} {'has' if len(names) == 1 else 'have'} not taken release {counter} "
        f"yet ({words})"
        for (counter, words), names in groups.items()
    )
    return f"{'; '.join(told)}; wait for the next report, or add --replace"
