// Zoom and pan of the pictures on a surface, by wheel, pinch, double click, + - 0 and arrow keys.
// All `.pane` boxes share one view, so cameras side by side show the same part.

const ZOOM_MOST = 8;
const ZOOM_STEP = 1.5;
const ZOOM_AT_ONCE = 2.5;
const PAN_SHARE = 0.1;
const SWIPE_PX = 40;
const SCROLLING_MS = 300;

let scrolledAt = -Infinity;
addEventListener("scroll", () => { scrolledAt = performance.now(); }, { passive: true });

class Zoom {
  // `swipe(1 or -1)` is called when a finger swipes over a picture that is not zoomed.
  constructor(surface, swipe) {
    Object.assign(this, { surface, swipe, scale: 1, x: 0, y: 0, fingers: new Map() });
    surface.classList.add("zoomable");
    const on = (name, act, options) => surface.addEventListener(name, act, options);
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("dblclick", (event) => this.flip(event));
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.drag(event));
    on("pointerup", (event) => this.up(event, true));
    on("pointercancel", (event) => this.up(event, false));
    this.note = make("output", "zoom-note");
    surface.append(this.note);
  }

  get zoomed() { return this.scale > 1; }

  // Return the box of the pane at a point, or of the first pane.
  paneAt(x, y) {
    const boxes = [...this.surface.querySelectorAll(".pane")].map((p) => p.getBoundingClientRect());
    return boxes.find((b) => x >= b.left && x < b.right && y >= b.top && y < b.bottom) ?? boxes[0];
  }

  // Zoom and keep the part of the picture at this point of the window in place.
  to(scale, clientX, clientY) {
    const box = this.paneAt(clientX, clientY);
    const wanted = Math.min(Math.max(scale, 1), ZOOM_MOST);
    const px = (clientX - box.left) / box.width - 0.5;
    const py = (clientY - box.top) / box.height - 0.5;
    const grown = wanted / this.scale;
    this.set(wanted, px - (px - this.x) * grown, py - (py - this.y) * grown);
  }

  by(factor) {
    const box = this.paneAt(NaN, NaN);
    this.to(this.scale * factor, box.left + box.width / 2, box.top + box.height / 2);
  }

  // x and y are the offset of the picture, as fractions of its box.
  set(scale, x, y) {
    const room = (scale - 1) / 2;
    this.scale = scale;
    this.x = Math.min(Math.max(x, -room), room);
    this.y = Math.min(Math.max(y, -room), room);
    const { style } = this.surface;
    style.setProperty("--zoom", String(scale));
    style.setProperty("--x", String(this.x));
    style.setProperty("--y", String(this.y));
    this.surface.classList.toggle("zoomed", this.zoomed);
    this.note.textContent = this.zoomed ? `${scale.toFixed(1)} ×` : "";
  }

  wheel(event) {
    if (event.target.closest("button") || !this.takesWheel(event)) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    this.to(this.scale * Math.exp(-event.deltaY * lines * 0.004), event.clientX, event.clientY);
  }

  // Scrolling the page past a picture must not start to zoom it.
  takesWheel(event) {
    if (event.ctrlKey || this.zoomed || isFull()) return true;
    const box = this.surface.getBoundingClientRect();
    const isWhole = box.top >= 0 && box.bottom <= innerHeight;
    return event.deltaY < 0 && isWhole && performance.now() - scrolledAt > SCROLLING_MS;
  }

  flip(event) {
    if (!event.target.closest("button")) {
      this.to(this.zoomed ? 1 : ZOOM_AT_ONCE, event.clientX, event.clientY);
    }
  }

  down(event) {
    if (event.target.closest("button")) return;
    this.fingers.set(event.pointerId, event);
    this.start = this.fingers.size === 1 ? event : null;
    if (this.zoomed) this.surface.setPointerCapture(event.pointerId);
  }

  drag(event) {
    const last = this.fingers.get(event.pointerId);
    if (!last) return;
    const before = this.spread();
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 2) {
      const now = this.spread();
      this.to((this.scale * now.apart) / before.apart, now.x, now.y);
    }
    if (this.zoomed) {
      const box = this.paneAt(event.clientX, event.clientY);
      const share = 1 / this.fingers.size;
      this.set(
        this.scale,
        this.x + ((event.clientX - last.clientX) / box.width) * share,
        this.y + ((event.clientY - last.clientY) / box.height) * share,
      );
    }
  }

  up(event, lifted) {
    const { start } = this;
    if (!this.fingers.delete(event.pointerId)) return;
    this.start = null;
    const moved = start && lifted && !this.zoomed ? event.clientX - start.clientX : 0;
    if (Math.abs(moved) > SWIPE_PX) this.swipe(moved < 0 ? 1 : -1);
  }

  // Return the distance between two fingers and the point halfway between them.
  spread() {
    const [a, b = a] = [...this.fingers.values()];
    return {
      apart: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
      x: (a.clientX + b.clientX) / 2,
      y: (a.clientY + b.clientY) / 2,
    };
  }

  // Act on a key; return whether it was one of ours.
  key(event) {
    const pan = (x, y) => this.set(this.scale, this.x + x, this.y + y);
    const always = {
      "+": () => this.by(ZOOM_STEP),
      "=": () => this.by(ZOOM_STEP),
      "-": () => this.by(1 / ZOOM_STEP),
      0: () => this.set(1, 0, 0),
    };
    const zoomed = {
      ArrowLeft: () => pan(PAN_SHARE, 0),
      ArrowRight: () => pan(-PAN_SHARE, 0),
      ArrowUp: () => pan(0, PAN_SHARE),
      ArrowDown: () => pan(0, -PAN_SHARE),
    };
    const act = always[event.key] ?? (this.zoomed ? zoomed[event.key] : null);
    act?.();
    return Boolean(act);
  }
}
