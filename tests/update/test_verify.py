"""The owner's verifier takes every good release and refuses every attack by its own word."""

import dataclasses

import pytest
from megacam.update import manifest, seal, verify
from update import releases

NOW = 1_790_000_000


def _outcome(case):
    """Return (the word of the refusal or "", whether the release only waits)."""
    try:
        found = verify.check(case.release, case.board)
        verify.check_files(found, case.objects.get)
    except verify.NotYetError as error:
        return error.why, True
    except verify.RefusedError as error:
        return error.why, False
    return "", False


def test_a_release_is_installed_waits_or_is_refused():
    found = {case.name: _outcome(case) for case in releases.cases(NOW)}
    assert found == {case.name: (case.why, case.waits) for case in releases.cases(NOW)}


def test_every_case_is_another_one():
    names = [case.name for case in releases.cases(NOW)]
    assert len(names) == len(set(names)) > 70


def test_a_manifest_is_read_as_it_was_written():
    wanted = releases.described(NOW, next_key="ab" * 384, wifi="00" * 64, percent=7, least=3)
    assert manifest.parse(wanted.text()) == wanted


def test_who_is_among_few_is_among_more():
    names = [f"cam{number}" for number in range(400)]
    few, more = (
        {name for name in names if manifest.is_chosen(name, 42, percent)} for percent in (10, 50)
    )
    assert few < more
    assert 20 < len(few) < 60
    assert all(manifest.is_chosen(name, 42, 100) for name in names)
    assert {name for name in names if manifest.is_chosen(name, 43, 10)} != few


def test_a_manifest_of_more_than_8_kb_is_not_written():
    files = tuple(manifest.File(f"lib/{number:03}", 1, "0" * 64) for number in range(110))
    with pytest.raises(manifest.ManifestError, match="of at most 8192 bytes"):
        dataclasses.replace(releases.described(NOW), files=files).text()


def test_a_seal_opens_with_its_key_only():
    sealed = seal.seal(releases.NETWORKS, releases.SEAL, "cam1", 42)
    assert seal.opened(sealed, releases.SEAL, "cam1", 42) == releases.NETWORKS
    assert releases.NETWORKS[0]["password"].encode().hex() not in sealed
    assert seal.seal(releases.NETWORKS, releases.SEAL, "cam1", 42) != sealed
