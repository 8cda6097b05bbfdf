// One camera's picture in the player. While a photo loads, only the last request is kept.

const PICTURE_TRIES = 6;

class Picture {
  constructor(track, step, text) {
    Object.assign(this, { track, step, text, shown: null, wanted: null, busy: false, tries: 0 });
    this.figure = make("figure", "screen pane");
    this.image = make("img", "", { alt: "", decoding: "async", draggable: false });
    this.note = make("div", "screen-note");
    this.caption = make("figcaption");
    this.figure.append(this.image, this.note, this.caption);
  }

  show(t) {
    const frame = this.track.frames[indexAt(this.track.frames, t)];
    const stale = !frame || t - frame[0] > this.step * 3;
    this.figure.classList.toggle("stale", stale);
    this.figure.classList.toggle("moved", Boolean(frame && !stale && frame[2]));
    this.figure.classList.toggle("starred", Boolean(frame && frame[3]));
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
    this.note.textContent = "This photo cannot be shown: it is deleted or damaged, or S3 does not answer";
    this.tries += 1;
    if (this.tries > PICTURE_TRIES) return;
    setTimeout(() => { if (source === this.wanted) this.load(); }, 1000 * this.tries);
  }
}
