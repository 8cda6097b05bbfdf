"""Key rotation: whatever fails, the board always has a key that works."""

import threading

import pytest
from megacam.cloud import create, rotate
from megacam.cloud.keys import AccessKeys
from megacam.cloud.spec import CloudSpec
from megacam.errors import MegacamError
from uploading_board import Board

pytest_plugins = "local_aws"


class CutError(MegacamError):
    """The fault that a test injects."""


def _ring(account):
    create.plan(account.aws, CloudSpec(account.bucket, "cam1")).make()
    return AccessKeys(account.aws, account.bucket, "cam1")


def _rotate(ring, board):
    return rotate.rotate(ring, board)


def _ids(ring):
    return [one["id"] for one in ring.list()]


def test_the_first_key_is_made_put_on_the_board_and_proved(account):
    ring, board = _ring(account), Board(account)
    done = _rotate(ring, board)
    assert _ids(ring) == [done.identity] == [board.key.identity]
    assert done.retired == ()
    assert board.photos == 1


def test_the_old_key_is_gone_after_the_new_one_is_proved(account):
    ring, board = _ring(account), Board(account)
    first = _rotate(ring, board).identity
    old = account.s3_as(board.key)
    done = _rotate(ring, board)
    assert done.retired == (first,)
    assert _ids(ring) == [done.identity]
    with pytest.raises(old.exceptions.ClientError):
        old.put_object(Bucket=account.bucket, Key="cam1/x.jpg", Body=b"photo")


def test_no_photo_is_lost_while_the_key_is_rotated_under_running_uploads(account):
    ring, board = _ring(account), Board(account)
    _rotate(ring, board)
    stop, failures = threading.Event(), []

    def shoot():
        while not stop.is_set():
            try:
                board.upload()
            except Exception as error:
                failures.append(error)

    camera = threading.Thread(target=shoot)
    camera.start()
    try:
        for _ in range(3):
            _rotate(ring, board)
    finally:
        stop.set()
        camera.join(30)
    assert failures == []
    assert board.photos > 8
    assert len(account.object_keys()) == board.photos
    assert len(_ids(ring)) == 1


class Cut:
    """Makes the nth operation of a rotation fail, before or after it takes effect."""

    def __init__(self, ring, board, number, after):
        self.word, self.limit = ring.word, ring.limit
        self._left, self._after = number, after
        for name in ("list", "make", "check", "delete"):
            setattr(self, name, self._counted(getattr(ring, name)))
        self.put_key = self._counted(board.put_key)
        self.prove_key = self._counted(board.prove_key)
        self.key_identity = board.key_identity
        self.cut = False

    def _counted(self, call):
        def counted(*args):
            self._left -= 1
            now = self._left == 0
            if now and not self._after:
                self.cut = True
                raise CutError("the cable was pulled")
            result = call(*args)
            if now:
                self.cut = True
                raise CutError("the cable was pulled")
            return result

        return counted


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_the_board_has_a_working_key_wherever_the_rotation_breaks(account, after):
    ring, board = _ring(account), Board(account)
    _rotate(ring, board)
    cuts = 0
    for number in range(1, 30):
        cut = Cut(ring, board, number, after)
        try:
            _rotate(cut, cut)
        except CutError:
            pass
        except MegacamError as error:
            assert "the cable was pulled" in str(error)
        board.upload()
        assert len(_ids(ring)) <= 2
        cuts += cut.cut
        if not cut.cut:
            break
    assert cuts >= 6
    _rotate(ring, board)
    board.upload()
    assert _ids(ring) == [board.key.identity]


class DyingError(BaseException):
    """The computer loses power: no exception handler of ours runs."""


@pytest.mark.parametrize("step", ["make", "check", "put_key", "prove_key", "delete"])
def test_a_computer_that_dies_in_the_middle_leaves_a_working_board(account, step):
    ring, board = _ring(account), Board(account)
    _rotate(ring, board)
    cut = Cut(ring, board, 10_000, False)
    real = getattr(cut, step)

    def die(*args):
        if step == "make":
            real()
        raise DyingError

    setattr(cut, step, die)
    if step != "delete":
        # A computer without power undoes nothing.
        cut.delete = lambda identity: None
    with pytest.raises(DyingError):
        _rotate(cut, cut)
    board.upload()
    _rotate(ring, board)
    board.upload()
    assert _ids(ring) == [board.key.identity]


def test_a_failure_on_the_board_says_that_both_keys_stay(account):
    ring, board = _ring(account), Board(account)
    first = _rotate(ring, board).identity

    def fail(key):
        raise MegacamError("the board went away")

    board.put_key = fail

    with pytest.raises(
        MegacamError, match=f"went away.*{first} both stay valid.*run the rotation"
    ):
        _rotate(ring, board)
    assert len(_ids(ring)) == 2
    board.upload()


def test_two_working_keys_and_a_silent_board_are_left_alone(account):
    ring, board = _ring(account), Board(account)
    _rotate(ring, board)
    spare = ring.make()
    before = _ids(ring)
    board.key_identity = lambda: None
    with pytest.raises(rotate.BoardKeyUnknownError, match="--retire"):
        _rotate(ring, board)
    assert _ids(ring) == before
    rotate.retire(ring, spare.identity)
    board.upload()
    _rotate(ring, board)
    board.upload()


@pytest.mark.parametrize("held", [0, 1])
def test_of_two_working_keys_the_boards_own_is_kept(account, held):
    ring, board = _ring(account), Board(account)
    keys = [ring.make(), ring.make()]
    board.put_key(keys[held])

    def nothing_new():
        raise CutError("AWS is gone")

    # It fails right after deleting a key to make room, so no new key can hide a wrong deletion.
    cut = Cut(ring, board, 10_000, False)
    cut.make = nothing_new
    with pytest.raises(CutError):
        _rotate(cut, board)
    board.upload()
    assert _ids(ring) == [keys[held].identity]


def test_a_disabled_key_makes_room(account):
    ring, board = _ring(account), Board(account)
    _rotate(ring, board)
    spare = ring.make().identity
    account.client("iam").update_access_key(
        UserName=ring.user, AccessKeyId=spare, Status="Inactive"
    )
    assert spare in _rotate(ring, board).retired
    board.upload()


def test_the_last_key_cannot_be_retired_nor_one_that_is_not_there(account):
    ring, board = _ring(account), Board(account)
    only = _rotate(ring, board).identity
    with pytest.raises(MegacamError, match="only access key"):
        rotate.retire(ring, only)
    with pytest.raises(MegacamError, match="there is no access key AKIANONE"):
        rotate.retire(ring, "AKIANONE")
    board.upload()


def test_a_device_without_a_user_is_sent_to_create(account):
    create.plan(account.aws, CloudSpec(account.bucket, "cam1")).make()
    ring = AccessKeys(account.aws, account.bucket, "cam2")
    with pytest.raises(MegacamError, match="run `megacam cloud create` first"):
        ring.list()


def test_no_secret_is_said_on_the_way(account):
    ring, board, said = _ring(account), Board(account), []
    rotate.rotate(ring, board, said.append)
    done = rotate.rotate(ring, board, said.append)
    assert len(said) >= 6
    assert board.key.secret_access_key not in " ".join([*said, repr(done)])
