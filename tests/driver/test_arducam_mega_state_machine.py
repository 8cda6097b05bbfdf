"""Random sequences of calls and faults: no hang, no protocol violation, no wrong byte.

Hypothesis mixes settings, photos, partial reads, faults and resets. After every step chip select
is high and the model reports no violation. Every frame that was read to its end equals what the
camera held, and a failure is a CameraError within LONGEST_MS of the camera's time.
"""

from arducam_mega import CameraError
from arducam_mega_rig import Rig
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from megacam.sim.camera_models import KINDS

REASONS = {"absent", "unknown", "busy", "timeout", "length", "blank", "size", "dead", "stale"}
LONGEST_MS = 100_000  # a capture with the longest exposure, three times, and two resets

FAULTS = ["capture-stuck", "length-zero", "length-8mib", "length-all-ones", "constant-frame"]
FAULTS += ["soi-at-one", "missing-eoi", "padding-round16", "padding-kilobytes", "padding-fake-eoi"]
FAULTS += ["sensor-reset-in-field", "sensor-only-reset", "brown-out", "dies-in-burst"]
FAULTS += ["slow-capture", "slow-reset", "stale-idle", "idle-stuck", "early-wake-blanking"]
FAULTS += ["second-write-dropped", "second-write-corrupts", "frame-count-left-over"]
CHOICES = {
    "resolution": ["96x96", "320x240", "640x480", "1600x1200", "9x9"],
    "format": ["jpeg", "jpeg", "rgb565", "yuv422"],
    "mode": ["still", "video"],
    "quality": ["high", "medium", "low"],
    "brightness": [-5, -4, 0, 1],
    "exposure": ["auto", 1, 900, 30_000],
    "gain": ["auto", 1, 20, 500],
    "effect": ["none", "sepia", "yellow"],
    "autofocus": ["off", "single", "continuous"],
    "ae_freeze": [True, False],
    "sharpness": ["auto", 1, 8],
}
# Few at a time: if the model lacks one setting, all of them are refused.
SETTINGS = st.lists(
    st.sampled_from([(name, value) for name, values in CHOICES.items() for value in values]),
    min_size=1,
    max_size=3,
).map(dict)


class Life(RuleBasedStateMachine):
    @initialize(
        word=st.sampled_from(sorted(KINDS)),
        size=st.sampled_from(["320x240", "640x480", "1600x1200"]),
        discard=st.integers(0, 3),
        hz=st.booleans(),
    )
    def begin(self, word, size, discard, hz):
        driver = {"settle_ms": 0, "discard": discard, "baudrate_hz": 8_000_000 if hz else 0}
        self.rig = Rig(word, driver=driver)
        self.frame = None
        self.out = b""
        self.configure({"resolution": size})

    def attempt(self, action):
        """Run `action`; it may raise CameraError, but must end in time."""
        begun = self.rig.ms()
        try:
            return action()
        except CameraError as e:
            assert e.reason in REASONS
            return None
        finally:
            assert self.rig.ms() - begun < LONGEST_MS

    @rule(changes=SETTINGS)
    def configure(self, changes):
        before = len(self.rig.writes)
        try:
            self.attempt(lambda: self.rig.camera.configure(**changes))
        except ValueError:
            written = self.rig.writes[before:]
            assert not written or (0x07, 0x40) in written  # the camera had to be detected first
        if self.rig.camera.frame is None:
            self.frame = None

    @rule(changes=SETTINGS)
    def configure_and_photograph(self, changes):
        self.configure(changes)
        self.photograph(4092)

    @rule()
    def capture(self):
        self.frame, self.out = self.attempt(self.rig.camera.capture), b""

    @rule()
    def start(self):
        self.attempt(self.rig.camera.start)
        self.frame = None

    @rule(ms=st.integers(0, 20_000))
    def wait(self, ms):
        self.rig.clock.sleep_ms(ms)

    @rule()
    def finish(self):
        frame = self.attempt(self.rig.camera.finish)
        if frame:
            self.frame, self.out = frame, b""

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def photograph_in_trouble(self, fault, times):
        self.rig.fault(f"{fault}:{times}")
        self.photograph(4092)
        self.rig.model.faults.discard(fault)

    @rule(block_bytes=st.sampled_from([500, 4092, 100_000]))
    def photograph(self, block_bytes):
        self.capture()
        if self.frame:
            self.read(block_bytes, 100_000)

    @precondition(lambda self: self.frame)
    @rule(block_bytes=st.sampled_from([1, 4, 190, 500, 4092, 100_000]), blocks=st.integers(1, 60))
    def read(self, block_bytes, blocks):
        buf = bytearray(block_bytes)
        for _ in range(blocks):
            count = self.attempt(lambda: self.frame.readinto(buf))
            if not count:
                break
            self.out += buf[:count]
        if self.out and len(self.out) == self.frame.size:
            self.check_frame()
        if not count:
            self.frame = None

    def check_frame(self):
        record = self.rig.model.frames[-1]
        assert self.out == record.fifo
        if record.format == "jpeg":
            assert self.out[:3] == b"\xff\xd8\xff"
        assert f"{record.width}x{record.height}" == self.rig.camera.settings["resolution"]

    @precondition(lambda self: self.frame)
    @rule()
    def close(self):
        self.frame.close()
        self.frame = None

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def break_something(self, fault, times):
        self.rig.fault(f"{fault}:{times}")

    @rule(level=st.sampled_from(["low", "high"]))
    def unplug_and_plug_in_again(self, level):
        self.rig.fault(f"no-camera-{level}")
        assert self.attempt(self.rig.camera.capture) is None
        self.rig.model.faults.discard(f"no-camera-{level}")
        self.frame = None

    @rule()
    def repair(self):
        self.rig.model.faults.clear()

    @rule()
    def cut_the_power(self):
        self.rig.model.power_cycle()

    @rule()
    def reset_the_camera(self):
        self.attempt(self.rig.camera.reset)
        self.frame = None

    @rule()
    def sleep(self):
        self.attempt(self.rig.camera.sleep)
        self.frame = None

    @rule(frames=st.integers(1, 3))
    def burst(self, frames):
        try:
            self.frame, self.out = self.attempt(lambda: self.rig.camera.burst(frames)), b""
        except ValueError as e:
            assert "8 MiB" in str(e)  # the previous frame can still be read

    @invariant()
    def the_bus_is_left_clean(self):
        if hasattr(self, "rig"):
            assert self.rig.model.cs_level == 1
            assert self.rig.model.violations == []

    def teardown(self):
        if not hasattr(self, "rig"):
            return
        self.rig.model.faults.clear()
        self.rig.clock.sleep_ms(2000)
        self.rig.shoot()  # without faults the camera always recovers


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,  # the same examples in every run: a failure is due to a code change
    phases=(Phase.explicit, Phase.generate),  # add Phase.shrink to debug: it takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
