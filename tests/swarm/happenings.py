"""What happens in a history, fault by fault, and what the person does."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from megacam.sim import flash

from swarm import fat
from swarm.engine import SECOND
from swarm.history import LASTING, Fault

if TYPE_CHECKING:
    from swarm.world import World

_PLUGGED_US = 20 * SECOND  # a person at the board: it is reset and provisioned
_RESET_BOUNCE_US = 3 * SECOND


def schedule(world: "World") -> None:
    """Put every fault of the history into the queue."""
    for fault in world.history.faults:
        if fault.kind in LASTING:
            begin, end = _LASTING.get(fault.kind, (_nothing, _nothing))
            world.engine.at(_us(fault.start_s), _beginning(world, fault, begin), is_hard=True)
            world.engine.at(_us(fault.end_s), _ending(world, fault, end), is_hard=True)
        else:
            act = _SUDDEN[fault.kind]
            world.engine.at(_us(fault.start_s), _happening(world, fault, act), is_hard=True)


def _us(seconds: float) -> int:
    return int(seconds * SECOND)


def _beginning(world: "World", fault: Fault, begin: "_Act") -> Callable[[], None]:
    def _begin() -> None:
        # A later fault of a kind replaces an earlier one.
        world.begin(fault)
        begin(world, fault)

    return _begin


def _ending(world: "World", fault: Fault, end: "_Act") -> Callable[[], None]:
    def _end() -> None:
        if world.fault(fault.kind) is fault:
            world.cease(fault)
            end(world, fault)

    return _end


def _happening(world: "World", fault: Fault, act: "_Act") -> Callable[[], None]:
    def _happen() -> None:
        world.note(f"happens: {fault.kind} {fault.detail} {fault.number}")
        world.troubles += 1
        act(world, fault)

    return _happen


_Act = Callable[["World", Fault], None]


def _nothing(world: "World", fault: Fault) -> None:
    pass


def _air(world: "World", fault: Fault) -> None:
    world.chip.radio.networks[:] = world.setting.air()


def _password_known(world: "World", fault: Fault) -> None:
    for network in world.setting.networks:
        network["password"] = "a changed password"
    world.secrets.add("a changed password")
    _air(world, fault)
    world.setting.provision_networks()
    _visit(world)


def _visit(world: "World") -> None:
    """A person has provisioned the board, which ends with a reset."""
    world.end("usb")


def _key_gone(world: "World", fault: Fault) -> None:
    world.setting.revoke_key()


def _new_key(world: "World", fault: Fault) -> None:
    world.setting.provision_key()
    _visit(world)


def _bucket(is_there: bool) -> _Act:
    def _change(world: "World", fault: Fault) -> None:
        world.setting.store.has_bucket = is_there
        if is_there:
            world.setting.store.objects.clear()
            world.setting.store.offered.clear()

    return _change


def _root_changes(world: "World", fault: Fault) -> None:
    world.setting.change_root()


def _root_known(world: "World", fault: Fault) -> None:
    world.setting.new_roots()
    _deploy(world)


def _camera_dies(world: "World", fault: Fault) -> None:
    world.camera.die(True)


def _camera_lives(world: "World", fault: Fault) -> None:
    world.camera.die(False)


def _battery(volts: float) -> _Act:
    def _change(world: "World", fault: Fault) -> None:
        world.chip.volts[34] = volts

    return _change


def _card_out(world: "World", fault: Fault) -> None:
    world.card.pull()


def _card_in(world: "World", fault: Fault) -> None:
    world.card.insert()


def _card_worn(is_worn: bool) -> _Act:
    def _change(world: "World", fault: Fault) -> None:
        world.card.wear_out(is_worn)

    return _change


def _visitor_comes(world: "World", fault: Fault) -> None:
    world.visitors.come(fault)


def _visitor_goes(world: "World", fault: Fault) -> None:
    world.visitors.go()


_LASTING: dict[str, tuple[_Act, _Act]] = {
    "no-wifi": (_air, _air),
    "no-dhcp": (_air, _air),
    "router-password": (_air, _password_known),
    "key-revoked": (_key_gone, _new_key),
    "bucket-gone": (_bucket(False), _bucket(True)),
    "root-changed": (_root_changes, _root_known),
    "camera-dead": (_camera_dies, _camera_lives),
    "battery-low": (_battery(1.5), _battery(2.0)),
    "card-out": (_card_out, _card_in),
    "card-worn": (_card_worn(True), _card_worn(False)),
    "visitor": (_visitor_comes, _visitor_goes),
}


def _camera(world: "World", fault: Fault) -> None:
    world.camera.model.faults.add(fault.detail)


def _kill(world: "World", fault: Fault) -> None:
    world.arm(fault.detail, fault.number, lambda: world.end("killed"))


def _power_off(world: "World", fault: Fault) -> None:
    world.end("power off", fault.number * SECOND)


def _plug_twice(world: "World", fault: Fault) -> None:
    world.end("power off", fault.number * SECOND)
    again_us = world.engine.now_us + (2 * fault.number + 1) * SECOND
    world.engine.at(again_us, lambda: world.end("power off", fault.number * SECOND), is_hard=True)


def _cut(world: "World", fault: Fault) -> None:
    torn = world.entropy.randrange(4096) if fault.detail else 0
    world.board.cut_after(fault.number, torn)


def _stuck(world: "World", fault: Fault) -> None:
    world.chip.radio.jam(dead=fault.kind == "radio-dead")


def _blink(world: "World", fault: Fault) -> None:
    world.chip.radio.blink(fault.number)


def _restart(world: "World", fault: Fault) -> None:
    world.end("usb")


def _deploy(world: "World", more: dict[str, bytes] | None = None) -> None:
    """Write new files to the flash while the board is stopped, as `megacam deploy` does."""

    def _write() -> None:
        files = world.board.read_flash()
        kept = {name: data for name, data in files.items() if not name.startswith("a/roots/swarm")}
        new = {**kept, **world.setting.files(), **(more or {})}
        if world.updates.is_wanted:
            new = world.updates.placed(files, world.setting.slot_files(), more or {})
        path = world.board.folder / "deployed"
        flash.write_image(path, new)
        world.board.write_flash(path.read_bytes())

    world.at_rest(_write)
    world.end("usb")


def _deployed(world: "World", fault: Fault) -> None:
    _deploy(world)


def _hand_deployed(world: "World", fault: Fault) -> None:
    """A config.json copied by hand is not checked yet: the board does that."""
    _deploy(world, {"config.json": world.setting.hand_config()})


def _other_store(world: "World", fault: Fault) -> None:
    world.setting.move()
    _deploy(world)


def _new_card(world: "World", fault: Fault) -> None:
    world.card.pull()
    world.excused_photos += len(world.setting.waiting_on_cards())
    world.at_rest(lambda: world.board.write_card(fat.empty(world.setting.card_bytes())))
    world.end("usb")
    world.card.insert()


def _release(world: "World", fault: Fault) -> None:
    world.updates.offer(fault.detail)


def _rotate(world: "World", fault: Fault) -> None:
    world.setting.provision_key()
    _visit(world)


_SUDDEN: dict[str, _Act] = {
    "camera": _camera,
    "kill": _kill,
    "power-off": _power_off,
    "cut": _cut,
    "radio-stuck": _stuck,
    "radio-dead": _stuck,
    "radio-blink": _blink,
    "rotate-key": _rotate,
    "deploy": _deployed,
    "hand-deploy": _hand_deployed,
    "other-store": _other_store,
    "plug-twice": _plug_twice,
    "new-card": _new_card,
    "restart": _restart,
    "release": _release,
}
