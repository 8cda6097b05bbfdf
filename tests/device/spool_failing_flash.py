"""Make every single access to the flash fail, including reads, while a photo is put and read.

Every failure raises SpoolError, the same Spool continues to work, and no other photo is lost.
Prints the number of failures. Runs on MicroPython.
"""

import flash_with_cuts as chip
import spool_power_cuts as cuts
import spool_rig as rig


class PutAndRead(cuts.Put):
    """Put a photo and read it back."""

    def act(self, spool):
        assert rig.read(spool, rig.put(spool, 1000, cuts.SIZE))[0] == 1000


def _fail(action, image, keeps, met, fail_at):
    is_over, flash, spool = cuts.run(action, image, chip.FLASH, fail_at=fail_at)
    name = rig.put(spool, 1100, cuts.SIZE)
    assert name == spool.newest()
    assert rig.read(spool, name)[2] == rig.content(1100, cuts.SIZE)
    spool.remove(name)
    left = cuts.tree(flash.image, chip.FLASH)
    for name in keeps:
        assert left.get(name) == keeps[name], (fail_at, name, sorted(left))
    if cuts.leaves_new(met, chip.FLASH):
        assert cuts.check_works_on(flash.image, chip.FLASH) == 0
    return is_over


def main():
    action = PutAndRead()
    image = cuts.prepared(action, chip.FLASH)
    _, flash, _ = cuts.run(action, image, chip.FLASH)
    keeps = cuts.tree(bytearray(image), chip.FLASH)
    accesses = flash.accesses
    met = chip.Met()
    refused = sum(not _fail(action, image, keeps, met, n) for n in range(1, accesses + 1))
    print(f"{accesses} accesses, {refused} refused")


main()
