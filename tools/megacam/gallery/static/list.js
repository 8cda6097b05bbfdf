// <megacam-photos>: every photo of a day; the page contains only the rows in view.
// Its data is the JSON in its data-photos attribute, made by markup.py.

const LIST_GAP_PX = 4;
const LIST_CELL_PX = 108;
const LIST_LABEL_PX = 64;
const LIST_NARROW_PX = 600;
const LIST_LINE_PX = 40;

class Photos extends HTMLElement {
  connectedCallback() {
    if (this.leave) return;
    const { zone, track, onlyMotion } = JSON.parse(this.dataset.photos);
    Object.assign(this, { track, onlyMotion, text: clockOf(zone) });
    this.shown = new Map();
    this.leave = new AbortController();
    const options = { passive: true, signal: this.leave.signal };
    addEventListener("scroll", () => this.render(), options);
    addEventListener("resize", () => this.render(), options);
    this.watch = new ResizeObserver(() => this.layOut());
    this.watch.observe(this);
  }

  disconnectedCallback() {
    this.leave?.abort();
    this.watch?.disconnect();
  }

  // Return the photos and the gaps between them, in order of time.
  items() {
    const photos = this.track.frames.filter((frame) => !this.onlyMotion || frame[2]);
    const gaps = this.onlyMotion ? [] : this.track.gaps.map(([from, , , words]) => [from, null, words]);
    return [...photos, ...gaps].sort((a, b) => a[0] - b[0]);
  }

  // Divide the items into rows and compute their places: [top, height, hour or "", items].
  layOut() {
    const width = this.clientWidth;
    if (!width || width === this.laidOut) return;
    this.laidOut = width;
    const narrow = width < LIST_NARROW_PX;
    const room = width - (narrow ? 0 : LIST_LABEL_PX);
    this.columns = narrow ? 4 : Math.floor((room + LIST_GAP_PX) / (LIST_CELL_PX + LIST_GAP_PX));
    const cell = (room - LIST_GAP_PX * (this.columns - 1)) / this.columns;
    this.rows = [];
    let top = 0;
    let hour = "";
    for (const items of this.cut()) {
      const now = `${this.text(items[0][0]).slice(0, 2)}:00`;
      const label = now === hour ? "" : now;
      hour = now;
      const body = items[0][1] ? (cell * 3) / 4 : LIST_LINE_PX;
      const height = body + (label && narrow ? 28 : 0);
      this.rows.push([top, height, label, items]);
      top += height + LIST_GAP_PX;
    }
    this.style.height = `${top}px`;
    this.style.setProperty("--columns", String(this.columns));
    this.replaceChildren();
    this.shown.clear();
    this.render();
  }

  cut() {
    const rows = [];
    let hour = "";
    for (const item of this.items()) {
      const row = rows.at(-1);
      const now = this.text(item[0]).slice(0, 2);
      const fits = row && item[1] && row[0][1] && now === hour && row.length < this.columns;
      if (fits) row.push(item);
      else rows.push([item]);
      hour = now;
    }
    return rows;
  }

  render() {
    if (!this.rows) return;
    const { top } = this.getBoundingClientRect();
    const from = -top - AHEAD_PX;
    const to = innerHeight - top + AHEAD_PX;
    const first = Math.max(0, indexAt(this.rows, from));
    const last = indexAt(this.rows, to);
    for (const [n, row] of this.shown) {
      if (n >= first && n <= last) continue;
      // Removing the address stops the download.
      for (const image of row.querySelectorAll("img")) image.removeAttribute("src");
      row.remove();
      this.shown.delete(n);
    }
    for (let n = first; n <= last; n += 1) if (!this.shown.has(n)) this.place(n);
  }

  // Add a row to the page, in reading order in the DOM too.
  place(n) {
    const [top, height, label, items] = this.rows[n];
    const row = make("div", "list-row");
    row.style.top = `${top}px`;
    row.style.height = `${height}px`;
    const cells = make("div", "cells");
    cells.append(...items.map((item) => (item[1] ? this.cell(item) : this.line(item))));
    row.append(label ? make("h3", "", { textContent: label }) : make("span"), cells);
    const after = [...this.shown.keys()].filter((other) => other > n);
    this.insertBefore(row, after.length ? this.shown.get(Math.min(...after)) : null);
    this.shown.set(n, row);
  }

  cell([t, name, moved, starred]) {
    const words = `${this.track.device} at ${this.text(t)}${moved ? ", motion" : ""}${starred ? ", favourite" : ""}`;
    const source = this.track.thumbs + name;
    const cell = make("a", `cell${moved ? " moved" : ""}${starred ? " starred" : ""}`, {
      href: `#at-${t}`, title: words,
    });
    const image = make("img", "", { decoding: "async", src: source, alt: words });
    image.dataset.retry = source;
    cell.append(image, make("span", "time", { textContent: this.text(t) }));
    return cell;
  }

  line([, , words]) { return make("p", "gap-line", { textContent: words }); }
}

customElements.define("megacam-photos", Photos);
