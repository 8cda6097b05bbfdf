// <megacam-player>: plays the photos of a span, several devices side by side.
// Its data is the JSON of its data-photos attribute, made by markup.py.
// Keys: arrows step, Page Up/Down an hour, Home/End, space plays, M goes to the next motion.

const HOUR = 3600;
const RETRIES = 6;
const SWIPE_PX = 40;

const make = (tag, className, properties = {}) => {
  const element = Object.assign(document.createElement(tag), properties);
  if (className) element.className = className;
  return element;
};

// The last index whose time is at or before t, -1 for none. Frames are [time, name, moved].
const indexAt = (frames, t) => {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle][0] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

// One picture of the stage: shows the newest wanted photo and skips those in between.
class Screen {
  constructor(track, step, text) {
    Object.assign(this, { track, step, text, shown: null, wanted: null, busy: false, tries: 0 });
    this.figure = make("figure", "screen");
    this.image = make("img", "", { alt: "", decoding: "async", draggable: false });
    this.note = make("div", "screen-note");
    this.caption = make("figcaption");
    this.figure.append(this.image, this.note, this.caption);
  }

  show(t) {
    const index = indexAt(this.track.frames, t);
    const frame = this.track.frames[index];
    const stale = !frame || t - frame[0] > this.step * 3;
    this.figure.classList.toggle("stale", stale);
    this.figure.classList.toggle("moved", Boolean(frame && !stale && frame[2]));
    const since = frame ? ` since ${this.text(frame[0])}` : "";
    this.note.textContent = stale ? `No photo${since}` : "";
    this.caption.textContent = `${this.track.device}${frame ? ` · ${this.text(frame[0])}` : ""}`;
    this.frame = frame;
    this.image.alt = frame ? `${this.track.device} at ${this.text(frame[0])}` : "";
    this.wanted = frame ? this.track.source + frame[1] : null;
    this.tries = 0;
    this.load();
  }

  ahead(count) {
    const index = this.track.frames.indexOf(this.frame);
    for (const frame of this.track.frames.slice(index + 1, index + 1 + count)) {
      new Image().src = this.track.source + frame[1];
    }
  }

  load() {
    if (this.busy || !this.wanted || this.wanted === this.shown) return;
    const source = this.wanted;
    const picture = new Image();
    this.busy = true;
    const slow = setTimeout(() => { this.note.textContent = "Waiting for S3 …"; }, 1500);
    const done = () => { clearTimeout(slow); this.busy = false; };
    picture.onload = () => {
      done();
      this.shown = source;
      this.image.src = source;
      if (!this.figure.classList.contains("stale")) this.note.textContent = "";
      this.load();
    };
    picture.onerror = () => {
      done();
      if (source !== this.wanted) return this.load();
      this.failed(source);
    };
    picture.src = source;
  }

  failed(source) {
    this.note.textContent = "This photo cannot be had: deleted, damaged, or S3 does not answer";
    this.tries += 1;
    if (this.tries > RETRIES) return;
    setTimeout(() => { if (source === this.wanted) this.load(); }, 1000 * this.tries);
  }
}

class Player extends HTMLElement {
  connectedCallback() {
    if (this.data) return;
    this.data = JSON.parse(this.dataset.photos);
    this.times = [...new Set(this.data.tracks.flatMap((track) => track.frames.map((f) => f[0])))];
    this.times.sort((a, b) => a - b);
    this.moments = this.times.map((t) => [t]);
    this.screens = this.data.tracks.map(
      (track) => new Screen(track, this.data.step, (t) => this.text(t)),
    );
    const stage = make("div", "stage");
    stage.style.setProperty("--tracks", String(this.screens.length));
    stage.append(...this.screens.map((screen) => screen.figure));
    this.swipe(stage);
    this.append(stage, this.timeline(), this.controls());
    this.listen();
    this.go(this.fromHash() ?? this.data.at);
  }

  disconnectedCallback() {
    this.leave?.abort();
    clearTimeout(this.timer);
  }

  timeline() {
    const box = make("div", "timeline");
    this.canvas = make("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.range = make("input", "", {
      type: "range", min: this.data.start, max: this.data.end - 1, step: 1,
    });
    this.range.setAttribute("aria-label", "Moment");
    const scale = make("div", "scale");
    scale.setAttribute("aria-hidden", "true");
    const span = this.data.end - this.data.start;
    for (let n = 0; n <= 4; n += 1) {
      const t = this.data.start + (span * n) / 4;
      scale.append(make("span", "", { textContent: n === 4 ? "" : this.text(t).slice(0, 5) }));
    }
    box.append(this.canvas, this.range, scale);
    return box;
  }

  controls() {
    const bar = make("div", "controls");
    const button = (text, label, action) => {
      const made = make("button", "tool", { type: "button", textContent: text, title: label });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", action);
      return made;
    };
    this.playButton = button("▶", "Play (space)", () => this.toggle());
    this.playButton.classList.add("primary");
    this.clock = make("output", "clock");
    this.speed = make("select", "tool", { title: "Speed" });
    this.speed.setAttribute("aria-label", "Speed");
    for (const rate of [2, 5, 10, 20]) {
      this.speed.append(make("option", "", { value: rate, textContent: `${rate} photos/s` }));
    }
    this.speed.value = "5";
    bar.append(
      button("◀", "Previous photo (left arrow)", () => this.step(-1)),
      this.playButton,
      button("▶|", "Next photo (right arrow)", () => this.step(1)),
    );
    if (this.data.tracks.some((track) => track.frames.some((frame) => frame[2]))) {
      bar.append(button("Next motion", "Next motion (M)", () => this.nextMotion()));
    }
    bar.append(this.clock, make("span", "spring"), this.speed);
    this.links = (this.data.links ?? []).map(([text]) => make("a", "tool", { textContent: text }));
    bar.append(...this.links);
    return bar;
  }

  swipe(stage) {
    let start = null;
    stage.addEventListener("pointerdown", (event) => { start = event.clientX; });
    stage.addEventListener("pointerup", (event) => {
      const moved = start === null ? 0 : event.clientX - start;
      start = null;
      if (Math.abs(moved) > SWIPE_PX) this.step(moved < 0 ? 1 : -1);
    });
    stage.addEventListener("pointercancel", () => { start = null; });
  }

  listen() {
    this.leave = new AbortController();
    const { signal } = this.leave;
    this.range.addEventListener("input", () => { this.pause(); this.go(Number(this.range.value)); });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    window.addEventListener("hashchange", () => {
      const t = this.fromHash();
      if (t === null) return;
      this.pause();
      this.go(t);
      this.scrollIntoView({ behavior: "smooth", block: "start" });
    }, { signal });
    const draw = () => this.draw();
    new ResizeObserver(draw).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
    new MutationObserver(draw).observe(document.body, { attributeFilter: ["class"] });
  }

  fromHash() {
    const match = /^#at-(\d{1,12})$/.exec(location.hash);
    return match ? Number(match[1]) : null;
  }

  text(t) {
    let offset = 0;
    for (const [from, east] of this.data.zone) if (t >= from) offset = east;
    return new Date((t + offset) * 1000).toISOString().slice(11, 19);
  }

  go(t) {
    this.t = Math.min(Math.max(t, this.data.start), this.data.end - 1);
    this.range.value = String(this.t);
    this.range.setAttribute("aria-valuetext", this.text(this.t));
    this.clock.textContent = this.text(this.t);
    for (const screen of this.screens) screen.show(this.t);
    const { track, frame } = this.screens.find((screen) => screen.frame) ?? {};
    (this.data.links ?? []).forEach(([, before], n) => {
      if (frame) this.links[n].href = before + encodeURIComponent(`${track.device}/${frame[1]}`);
    });
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
    this.beat();
  }

  beat() {
    this.timer = setTimeout(() => {
      // A slow S3 slows the play down instead of leaving pictures out.
      const waits = this.screens.some((screen) => screen.busy);
      if (!waits && !this.move(1)) return this.pause();
      if (!waits) for (const screen of this.screens) screen.ahead(4);
      this.beat();
    }, 1000 / Number(this.speed.value));
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.playButton.textContent = "▶";
    this.playButton.setAttribute("aria-label", "Play (space)");
  }

  key(event) {
    const field = event.target.closest?.("input:not([type=range]), select, textarea, [role=dialog]");
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.closest?.("button, a")) return;
    const actions = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      ArrowDown: () => this.step(-1),
      ArrowUp: () => this.step(1),
      PageUp: () => this.go(this.t - HOUR),
      PageDown: () => this.go(this.t + HOUR),
      Home: () => this.go(this.times[0]),
      End: () => this.go(this.times.at(-1)),
      " ": () => this.toggle(),
      m: () => this.nextMotion(),
    };
    const onRange = event.target === this.range;
    if (!onRange && ["ArrowDown", "ArrowUp", "PageUp", "PageDown", "Home", "End"].includes(event.key)) {
      return;
    }
    const action = actions[event.key];
    if (!action || !this.times.length) return;
    event.preventDefault();
    action();
  }

  draw() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const paint = this.canvas.getContext("2d");
    const style = getComputedStyle(this);
    const color = (name) => style.getPropertyValue(name).trim();
    const rows = this.data.tracks.length;
    const tall = this.canvas.height / rows;
    const x = (t) => ((t - this.data.start) / (this.data.end - this.data.start)) * this.canvas.width;
    this.data.tracks.forEach((track, row) => {
      const top = row * tall;
      const bar = (from, to, fill, share) => {
        paint.fillStyle = fill;
        paint.fillRect(x(from), top + tall * (1 - share), Math.max(1, x(to) - x(from)), tall * share);
      };
      for (const [t] of track.frames) bar(t, t + this.data.step, color("--photo"), 0.72);
      for (const [from, to, kind] of track.gaps) bar(from, to, color(`--${kind}`), 0.72);
      for (const [t, , moved] of track.frames) if (moved) bar(t, t, color("--motion"), 1);
    });
  }
}

customElements.define("megacam-player", Player);
