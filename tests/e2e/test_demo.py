"""The complete path: simulated camera, real MicroPython, TLS, a store that checks signatures."""

import pytest
from e2e.console import Console
from megacam.demo import run
from PIL import Image


def test_the_demo_stores_two_photos_byte_for_byte(tmp_path):
    lines = []
    options = run.Options(photos_count=2, folder=tmp_path)
    photos = run.run(options, say=lines.append, on_line=lines.append)
    assert len(photos) >= 2
    for photo in photos:
        assert photo.etag_ok
        assert Image.open(photo.path).size == (1600, 1200)
    assert any("status=200" in line and "url=https://localhost:" in line for line in lines)


def test_a_wrong_secret_is_named_stores_nothing_and_loses_nothing(tmp_path):
    console = Console()
    options = run.Options(photos_count=1, folder=tmp_path)
    with run._stage(options, console.line) as (board, store, _):
        board.exec(
            "from firmware import credentials as c\n"
            "key = c.load('aws')\nkey['secret'] = 'x' * 40\nc.save('aws', key)\n"
        )
        board.start(console.line)
        console.wait_for("E s3 unreachable", "I spool kept", "E s3 unreachable", "I spool kept")
        board.stop()
        found = store.client("s3").list_objects_v2(Bucket=run.BUCKET)
    assert found["KeyCount"] == 0
    refusals = [line for line in console.lines if line.startswith("E s3 unreachable")]
    assert "SignatureDoesNotMatch" in refusals[0]
    # The first refusal may be due to that photo; after the second the pause is an hour.
    assert ["again_in_s=3600" in line for line in refusals] == [False, True]
    assert not any("memory" in line for line in console.lines), console.lines


@pytest.mark.parametrize("count", [0, -1])
def test_a_senseless_count_is_refused_by_the_command_line(count, capsys):
    from megacam import cli

    with pytest.raises(SystemExit) as ended:
        cli.app(["demo", "--photos-count", str(count)])
    assert ended.value.code == 2
