// The time line of the player: the whole day, an hour or ten minutes of it, with a thumbnail of the
// photo under the pointer.

const TIMELINE_SPANS = [["Day", "The whole day", Infinity], ["1 h", "An hour", 3600], ["10 min", "Ten minutes", 600]];
const MARK_PX = 3;
const GAP_PX = 2;
const PREVIEW_MS = 60;
// The height of the photos' bars below a keogram, as a share of the time line's.
const STRIP_BAR = 0.14;
// That of motion below a keogram, so that hours full of motion do not hide it.
const STRIP_MOTION = 0.4;

class Timeline {
  // `moved(t)` is called when the user chooses another moment.
  constructor(data, text, moved) {
    Object.assign(this, { data, text, moved, level: 0, from: data.start, to: data.end, t: data.start });
    this.element = make("div", "timeline");
    this.overview = make("div", "overview", { hidden: true });
    this.overview.append(make("i"));
    this.canvas = make("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.range = make("input", "", { type: "range", step: 1 });
    this.range.setAttribute("aria-label", "Moment");
    this.preview = make("figure", "preview", { hidden: true });
    this.preview.append(make("img", "", { alt: "" }), make("figcaption"));
    this.preview.setAttribute("aria-hidden", "true");
    this.marks = make("div", "marks");
    this.marks.append(this.canvas, this.range, this.preview);
    this.scale = make("div", "scale");
    this.scale.setAttribute("aria-hidden", "true");
    this.element.append(this.overview, this.marks, this.scale);
    this.buttons = make("div", "choice spans");
    this.buttons.setAttribute("role", "group");
    this.buttons.setAttribute("aria-label", "How much of the day the time line shows");
    this.buttons.append(...TIMELINE_SPANS.map(([words, label], level) => (
      makeButton(words, `${label} ([ and ])`, () => this.zoomTo(level)))));
    this.listen();
    this.loadStrips();
    this.zoomTo(0);
  }

  // Load the keograms; the time line is drawn without them until they are there.
  loadStrips() {
    this.strips = new Map();
    for (const track of this.data.tracks) {
      for (const [source] of track.strips ?? []) {
        const image = new Image();
        image.addEventListener("load", () => { this.strips.set(source, image); this.draw(); });
        image.src = source;
      }
    }
  }

  listen() {
    this.range.addEventListener("input", () => this.moved(Number(this.range.value)));
    this.marks.addEventListener("pointermove", (event) => this.peek(event));
    for (const name of ["pointerleave", "pointerup", "pointercancel"]) {
      this.marks.addEventListener(name, () => this.endPeek());
    }
    this.overview.addEventListener("pointerdown", (event) => {
      const { left, width } = this.overview.getBoundingClientRect();
      const span = this.data.end - this.data.start;
      this.moved(Math.round(this.data.start + (span * (event.clientX - left)) / width));
    });
  }

  // Level 0 is the whole day, the last level the shortest span.
  zoomTo(level) {
    this.level = Math.min(Math.max(level, 0), TIMELINE_SPANS.length - 1);
    [...this.buttons.children].forEach((button, n) => {
      button.setAttribute("aria-pressed", String(n === this.level));
    });
    this.overview.hidden = this.level === 0;
    this.centre();
  }

  // Show the level's span around the current moment, without leaving the day.
  centre() {
    const { start, end } = this.data;
    const span = Math.min(TIMELINE_SPANS[this.level][2], end - start);
    this.from = Math.min(Math.max(Math.round(this.t - span / 2), start), end - span);
    this.to = this.from + span;
    const mark = this.overview.firstChild.style;
    mark.left = `${((this.from - start) / (end - start)) * 100}%`;
    mark.width = `${(span / (end - start)) * 100}%`;
    Object.assign(this.range, { min: this.from, max: this.to - 1 });
    this.writeScale(span);
    this.set(this.t);
    this.draw();
  }

  writeScale(span) {
    const shown = [0, 1, 2, 3].map((n) => (
      make("span", "", { textContent: this.text(this.from + (span * n) / 4).slice(0, 5) })));
    this.scale.replaceChildren(...shown, make("span"));
  }

  set(t) {
    this.t = t;
    if (t < this.from || t >= this.to) return this.centre();
    this.range.value = String(t);
    this.range.setAttribute("aria-valuetext", this.text(t));
    return undefined;
  }

  peek(event) {
    const { left, width } = this.marks.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    const t = this.from + share * (this.to - this.from);
    const { track, frame } = this.nearest(t) ?? {};
    const [image, caption] = this.preview.children;
    const reach = Math.max(this.data.step * 3, (MARK_PX / width) * (this.to - this.from));
    const far = !frame || Math.abs(frame[0] - t) > reach;
    caption.textContent = far ? `${this.text(t)} · no photo` : this.text(frame[0]);
    this.preview.classList.toggle("none", far);
    this.preview.hidden = false;
    const half = this.preview.offsetWidth / 2;
    this.preview.style.left = `${Math.min(Math.max(share * width, half), width - half)}px`;
    clearTimeout(this.peeking);
    // Load the thumbnail only if the pointer rests: a sweep must not load the whole day.
    if (!far && track.thumbs !== null) this.peeking = setTimeout(() => { image.src = track.thumbs + frame[1]; }, PREVIEW_MS);
  }

  endPeek() {
    clearTimeout(this.peeking);
    this.preview.hidden = true;
  }

  nearest(t) {
    const near = this.data.tracks.flatMap((track) => {
      const index = indexAt(track.frames, t);
      return track.frames.slice(Math.max(index, 0), index + 2).map((frame) => ({ track, frame }));
    });
    const far = ({ frame }) => Math.abs(frame[0] - t);
    return near.sort((a, b) => far(a) - far(b))[0];
  }

  draw() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const style = getComputedStyle(this.element);
    const color = (name) => style.getPropertyValue(name).trim();
    const rows = this.data.tracks.length;
    this.data.tracks.forEach((track, row) => {
      const tall = this.canvas.height / rows;
      const bar = this.painter(row * tall, tall, scale);
      const pictured = this.drawStrips(track, row * tall, tall);
      const share = pictured ? STRIP_BAR : 0.72;
      for (const [from, to, kind] of track.gaps) bar(from, to, color(`--${kind}`), 0.72, GAP_PX);
      const apart = (this.data.step / (this.to - this.from)) * width > MARK_PX * 3;
      const shown = apart ? track.frames.map(([t]) => [t, t]) : this.runs(track);
      for (const [from, to] of shown) bar(from, to, color("--photo"), share, MARK_PX);
      for (const [t, , moved, starred] of track.frames) {
        if (moved) bar(t, t, color("--motion"), pictured ? STRIP_MOTION : 1, GAP_PX);
        if (starred) bar(t, t, color("--star"), 1, MARK_PX);
      }
    });
  }

  // Draw the part of each keogram that is in view; return whether there is one.
  drawStrips(track, top, tall) {
    const paint = this.canvas.getContext("2d");
    const x = (t) => ((t - this.from) / (this.to - this.from)) * this.canvas.width;
    const shown = (track.strips ?? []).filter(([source]) => this.strips.has(source));
    for (const [source, from, to] of shown) {
      const image = this.strips.get(source);
      paint.drawImage(image, x(from), top, x(to) - x(from), tall);
    }
    return shown.length > 0;
  }

  // Return a function that draws a bar from one moment to another, at least `least` pixels wide.
  painter(top, tall, scale) {
    const paint = this.canvas.getContext("2d");
    const x = (t) => ((t - this.from) / (this.to - this.from)) * this.canvas.width;
    return (from, to, fill, share, least) => {
      if (to < this.from || from > this.to) return;
      paint.fillStyle = fill;
      const wide = Math.max(least * scale, x(to) - x(from));
      paint.fillRect(x(from), top + tall * (1 - share), wide, tall * share);
    };
  }

  // Join consecutive photos into one bar; a single photo keeps a visible bar.
  runs(track) {
    const found = [];
    for (const [t] of track.frames) {
      const last = found.at(-1);
      if (last && t <= last[1] + this.data.step * 2) last[1] = t + this.data.step;
      else found.push([t, t + this.data.step]);
    }
    return found;
  }
}
