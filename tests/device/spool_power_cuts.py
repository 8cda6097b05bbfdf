"""Cut the power at every single write and erase of an action: `micropython ... put flash`.

Every cut is tried twice: with the write not begun, and with half of it done. From each state that
a cut leaves, more photos can be put and all are drained. Prints the number of cuts.
"""

import gc
import os
import sys

import flash_with_cuts as chip
import spool_rig as rig

from firmware.errors import SpoolError

BYTES = 48 * 4096
_WEARS = 120  # a directory's block is full, and rewritten, once in a hundred changes
SIZE = 5000  # two blocks, so that the cuts hit data and not only the directory


def _without(tree, *names):
    return {name: tree[name] for name in tree if name not in names}


class Put:
    """The new photo is stored or not; everything else stays the same."""

    limit_bytes = 100_000
    needs_spool = True
    damaged = 0  # how many photos a cut may make unreadable at most

    def prepare(self, spool):
        pass

    def act(self, spool):
        rig.put(spool, 1000, SIZE)

    def states(self, before, after):
        return [before, after]


class Broken(Put):
    """A photo whose source fails is not kept; a partial file of it is not accepted as a photo."""

    damaged = 1

    def act(self, spool):
        try:
            rig.put(spool, 1000, SIZE, error=ValueError())
        except ValueError:
            pass

    def states(self, before, after):
        half = rig.photo_name(1000, rig.START_S + 30_000)
        return [before, dict(before, **{half: rig.content(1000, SIZE)[: len(rig.BUF)]})]


class Start(Put):
    """A file that was incomplete at an earlier power cut is removed."""

    needs_spool = False

    def prepare(self, spool):
        open(f"{spool.folder}/{rig.photo_name(1001, rig.START_S)}", "wb").close()

    def act(self, folder):
        rig.Spool(folder, self.limit_bytes)


class FirstStart(Start):
    """The folder is created."""

    def prepare(self, spool):
        rig.drain(spool)
        os.rmdir(spool.folder)


class Remove(Put):
    """Photos that were uploaded are removed one by one."""

    def act(self, spool):
        for name in (spool.newest(), spool.oldest()):
            spool.remove(name)

    def states(self, before, after):
        return [before, _without(before, max(before)), after]


class Thin(Put):
    """Two photos are removed for a new one; each of them is removed completely or not at all."""

    size = 1500  # Put cuts the writes of a large photo

    def prepare(self, spool):
        for seq in (1001, 1002, 1003, 1004):
            rig.put(spool, seq, self.size)
        self.limit_bytes = spool.bytes + 100

    def act(self, spool):
        rig.put(spool, 1006, 2 * self.size - 500)

    def states(self, before, after):
        gone = set(before) - set(after)
        assert len(gone) > 1
        states = [before]
        for name in gone:
            states += [_without(state, name) for state in states]
        return states + [after]


class SetAside(Put):
    """A damaged photo has its old or its new name, or is removed; only a few of them are kept."""

    damaged = 1

    def prepare(self, spool):
        for seq in (1001, 1002, 1003):
            from firmware.spool import quarantine

            quarantine.put(spool, self._damage(spool, seq))
        self._name = self._damage(spool, 1007)

    def _damage(self, spool, seq):
        name = rig.put(spool, seq, SIZE)
        with open(f"{spool.folder}/{name}", "wb") as file:
            file.write(rig.content(seq))
        return name

    def act(self, spool):
        from firmware.spool import quarantine

        quarantine.put(spool, self._name)

    def states(self, before, after):
        aside = sorted(name for name in before if name.startswith("damaged-"))
        return [before, _without(before, *aside[:1]), after]


class Date(Put):
    """All photos of a power cycle have a date, or none has; their names do not change."""

    def prepare(self, spool):
        for cycle, seq in ((6, 1001), (6, 1002), (7, 1003), (7, 1004)):
            rig.put(spool, seq, SIZE, cycle)

    def act(self, spool):
        from firmware.spool import date

        date.date(spool, 7, rig.START_S)

    def states(self, before, after):
        exact = f"900007={rig.START_S}"
        assert len(after) == len(before) + 2
        return [before, dict(before, **{exact: b""}), after]


class Correct(Put):
    """A date that the store corrects is the old or the new one; FAT may have both."""

    def prepare(self, spool):
        for seq in (1003, 1004):
            rig.put(spool, seq, SIZE, 7)
        from firmware.spool import date

        date.remember(spool, 7, rig.START_S + 7200)

    def act(self, spool):
        from firmware.spool import date

        date.date(spool, 7, rig.START_S)

    def states(self, before, after):
        exact = f"900007={rig.START_S}"
        assert exact in after and len(after) == len(before)
        return [before, dict(before, **{exact: b""}), after]


ACTIONS = {
    "put": Put,
    "broken": Broken,
    "start": Start,
    "first-start": FirstStart,
    "remove": Remove,
    "thin": Thin,
    "set-aside": SetAside,
    "date": Date,
    "correct": Correct,
}


def prepared(action, block):
    """Return a chip with some photos and `action` prepared."""
    image = chip.new_image(BYTES, block)
    _, spool = rig.start(image, block=block)
    for seq in range(1, 8):
        rig.put(spool, seq)
    action.prepare(spool)
    chip.unmount(block)
    return image


def _wear_out(image, block, wear):
    """Change the directories once more: how full their blocks are depends on `wear`."""
    chip.mount(chip.Flash(image, block))
    for folder in (chip.where(block), rig.folder(block)):
        path = folder + "/" + "x" * (1 + wear // 2 % 40)
        try:
            if wear % 2 == 0:
                open(path, "wb").close()
            else:
                os.remove(path)
        except OSError:
            pass  # this action has no spool folder yet
    chip.unmount(block)


def run(action, image, block, **fault):
    """Do `action` on a copy of `image`; return (whether it succeeded, the chip, the spool)."""
    gc.collect()
    flash = chip.Flash(bytearray(image), block)
    chip.mount(flash)
    on = rig.folder(block)
    if action.needs_spool:
        on = rig.Spool(on, action.limit_bytes)
    flash.arm(**fault)
    try:
        action.act(on)
        return True, flash, on
    except SpoolError:
        return False, flash, on


def tree(image, block):
    """Return the files that a restart keeps in the spool; it removes incomplete ones."""
    chip.mount(chip.Flash(image, block))
    found = {}
    if "spool" in os.listdir(chip.where(block)):
        found = chip.tree(rig.folder(block))
    return {name: found[name] for name in found if _is_whole(name, found[name])}


def _is_whole(name, size):
    return "=" in name or (size and "~" not in name)


def leaves_new(met, block):
    """Return whether the files on the mounted chip have to be tried; see chip.Met.

    On a card, a cut may also leave blocks in use that no file has.
    """
    return block == chip.CARD or met.is_new(chip.tree(chip.where(block)))


def check_works_on(image, block):
    """Check that a restart can put more photos and drain all; return how many were damaged."""
    _, spool = rig.start(image, block=block)
    for name, _, _, size in os.ilistdir(spool.folder):
        assert _is_whole(name, size) or name[0] == "x", name
    damaged = _set_damaged_aside(spool)
    # On FAT, files that share blocks would now be damaged. On littlefs that cannot happen.
    for seq in range(2000, 2008 if block == chip.CARD else 2001):
        rig.put(spool, seq, SIZE)
    from firmware.spool import date

    date.date(spool, 8, rig.START_S + 1_000_000)
    waiting = len(list(spool.names()))
    assert len(rig.drain(spool)) == waiting
    return damaged


def _set_damaged_aside(spool):
    damaged = 0
    for name in list(spool.names()):
        try:
            rig.read(spool, name)
        except SpoolError:
            damaged += 1
            from firmware.spool import quarantine

            quarantine.put(spool, name)
    return damaged


def _cut(action, image, block):
    """Try all cuts of `action` on `image`; return the number of its writes and erases."""
    is_over, flash, _ = run(action, image, block)
    assert is_over
    changes = flash.changes
    before, after = tree(bytearray(image), block), tree(flash.image, block)
    states = action.states(before, after)
    met = chip.Met()
    for cut_at in range(1, changes + 1):
        for torn in (False, True):
            _, flash, _ = run(action, image, block, cut_at=cut_at, torn=torn)
            assert flash.is_off
            left = tree(flash.image, block)
            assert left in states, (cut_at, torn, sorted(left))
            if leaves_new(met, block):
                assert check_works_on(flash.image, block) <= action.damaged
    return changes


def _worn(action, block):
    """Return the chips on which the action needs the fewest and the most writes."""
    image = prepared(action, block)
    if block == chip.CARD:
        return [image]
    least, most = (1 << 30, image), (0, image)
    for wear in range(_WEARS):
        changes = run(action, image, block)[1].changes
        if changes < least[0]:
            least = changes, bytes(image)
        if changes > most[0]:
            most = changes, bytes(image)
        if least[0] == changes < most[0]:
            break  # the rewrite is over
        _wear_out(image, block, wear)
    assert least[0] < most[0]
    return [least[1], most[1]]


def main(name, kind):
    # When a directory's block is full, littlefs rewrites the directory: cut that rewrite, too.
    block = {"flash": chip.FLASH, "card": chip.CARD}[kind]
    action = ACTIONS[name]()
    total = sum(_cut(action, image, block) for image in _worn(action, block))
    print(f"{name} on {kind}: {total} writes and erases, {2 * total} cuts")


if __name__ == "__main__":
    main(*sys.argv[1:])
