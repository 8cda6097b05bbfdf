// <megacam-player>: plays the photos of a span, with several cameras side by side.
// Its data is the JSON in its data-photos attribute, made by markup.py.
// Keys: arrows step, Page Up/Down move by an hour, Home/End to the ends, space plays, M goes to the
// next motion, F toggles full screen, + - 0 zoom, [ ] change the span of the time line, S stars.

const HOUR = 3600;

class Player extends HTMLElement {
  connectedCallback() {
    if (this.data) return;
    this.data = JSON.parse(this.dataset.photos);
    this.text = clockOf(this.data.zone);
    this.times = [...new Set(this.data.tracks.flatMap((track) => track.frames.map((f) => f[0])))];
    this.times.sort((a, b) => a - b);
    this.moments = this.times.map((t) => [t]);
    this.screens = this.data.tracks.map((track) => new Picture(track, this.data.step, this.text));
    this.timeline = new Timeline(this.data, this.text, (t) => { this.pause(); this.go(t); });
    this.append(this.stage(), this.timeline.element, this.controls());
    this.listen();
    this.go(this.fromHash() ?? this.data.at);
  }

  disconnectedCallback() {
    this.leave?.abort();
    clearTimeout(this.timer);
  }

  stage() {
    const stage = make("div", "stage");
    const columns = Math.min(this.screens.length, 2);
    stage.style.setProperty("--columns", String(columns));
    stage.style.setProperty("--rows", String(Math.ceil(this.screens.length / columns)));
    stage.append(...this.screens.map((screen) => screen.figure));
    this.zoom = new Zoom(stage, (count) => this.step(count));
    if (this.data.favourites) this.star = makeStar(() => this.shownFrame());
    overlay(stage, this, this.zoom, ...(this.star ? [this.star.button] : []));
    return stage;
  }

  controls() {
    const bar = make("div", "controls");
    this.playButton = makeButton("▶", "Play (space)", () => this.toggle());
    this.playButton.classList.add("primary");
    this.clock = make("output", "clock");
    this.speed = make("select", "tool", { title: "Speed" });
    this.speed.setAttribute("aria-label", "Speed");
    for (const rate of [2, 5, 10, 20]) {
      this.speed.append(make("option", "", { value: rate, textContent: `${rate} photos/s` }));
    }
    this.speed.value = "5";
    bar.append(
      makeButton("◀", "Previous photo (left arrow)", () => this.step(-1)),
      this.playButton,
      makeButton("▶|", "Next photo (right arrow)", () => this.step(1)),
    );
    if (this.data.tracks.some((track) => track.frames.some((frame) => frame[2]))) {
      bar.append(makeButton("Next motion", "Next motion (M)", () => this.nextMotion()));
    }
    bar.append(this.clock, make("span", "spring"), this.timeline.buttons, this.speed);
    this.links = (this.data.links ?? []).map(([text]) => make("a", "tool", { textContent: text }));
    bar.append(...this.links);
    return bar;
  }

  listen() {
    this.leave = new AbortController();
    const { signal } = this.leave;
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    window.addEventListener("hashchange", () => {
      const t = this.fromHash();
      if (t === null) return;
      this.pause();
      this.go(t);
      this.scrollIntoView({ behavior: "smooth", block: "start" });
    }, { signal });
    const draw = () => this.timeline.draw();
    new ResizeObserver(draw).observe(this.timeline.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
    new MutationObserver(draw).observe(document.body, { attributeFilter: ["class"] });
  }

  fromHash() {
    const match = /^#at-(\d{1,12})$/.exec(location.hash);
    return match ? Number(match[1]) : null;
  }

  // Return the frame on show and its key, from the first camera that has a photo.
  shownFrame() {
    const { track, frame } = this.screens.find((screen) => screen.frame) ?? {};
    return frame && { frame, key: `${track.device}/${frame[1]}` };
  }

  go(t) {
    this.t = Math.min(Math.max(t, this.data.start), this.data.end - 1);
    this.timeline.set(this.t);
    this.clock.textContent = this.text(this.t);
    for (const screen of this.screens) screen.show(this.t);
    const shown = this.shownFrame();
    (this.data.links ?? []).forEach(([, before], n) => {
      if (shown) this.links[n].href = before + encodeURIComponent(shown.key);
    });
    this.star?.draw();
  }

  step(count) {
    this.pause();
    this.move(count);
  }

  move(count) {
    const here = indexAt(this.moments, this.t);
    const index = count < 0 && this.times[here] < this.t ? here + count + 1 : here + count;
    const next = this.times[Math.min(Math.max(index, 0), this.times.length - 1)];
    if (next === undefined || next === this.t) return false;
    this.go(next);
    return index < this.times.length;
  }

  nextMotion() {
    this.pause();
    const moved = this.data.tracks.flatMap((track) => track.frames.filter((f) => f[2]));
    const times = moved.map((frame) => frame[0]).sort((a, b) => a - b);
    const next = times.find((t) => t > this.t) ?? times[0];
    if (next !== undefined) this.go(next);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.t >= this.times.at(-1)) this.go(this.times[0]);
    this.playButton.textContent = "❚❚";
    this.playButton.setAttribute("aria-label", "Pause (space)");
    return this.beat();
  }

  beat() {
    this.timer = setTimeout(() => {
      // If S3 is slow, play more slowly instead of skipping pictures.
      const waits = this.screens.some((screen) => screen.busy);
      if (!waits && !this.move(1)) return this.pause();
      if (!waits) for (const screen of this.screens) screen.ahead(4);
      return this.beat();
    }, 1000 / Number(this.speed.value));
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.playButton.textContent = "▶";
    this.playButton.setAttribute("aria-label", "Play (space)");
  }

  key(event) {
    if (isTyping(event) || !this.times.length) return;
    if (event.key === " " && event.target.closest?.("button, a, summary")) return;
    const onRange = event.target === this.timeline.range;
    if ((!onRange && this.zoom.key(event)) || this.act(event.key, onRange)) event.preventDefault();
  }

  act(key, onRange) {
    const anywhere = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      " ": () => this.toggle(),
      m: () => this.nextMotion(),
      f: () => toggleFull(this),
      s: () => this.star?.button.click(),
      "[": () => this.timeline.zoomTo(this.timeline.level - 1),
      "]": () => this.timeline.zoomTo(this.timeline.level + 1),
    };
    const ranged = {
      ArrowDown: () => this.step(-1),
      ArrowUp: () => this.step(1),
      PageUp: () => this.go(this.t - HOUR),
      PageDown: () => this.go(this.t + HOUR),
      Home: () => this.go(this.times[0]),
      End: () => this.go(this.times.at(-1)),
    };
    const wanted = anywhere[key] ?? (onRange ? ranged[key] : null);
    wanted?.();
    return Boolean(wanted);
  }
}

customElements.define("megacam-player", Player);
