// <megacam-compare>: two photos over each other, the older one left, and a grip between them that
// the pointer and the arrow keys move (compare.py makes it). F fills the screen.

class Compare extends HTMLElement {
  connectedCallback() {
    if (this.leave) return;
    this.range = this.querySelector("input");
    this.range.addEventListener("input", () => this.cut(Number(this.range.value)));
    this.addEventListener("pointerdown", (event) => this.grip(event));
    this.addEventListener("pointermove", (event) => { if (event.buttons === 1) this.grip(event); });
    overlay(this, this, null);
    this.leave = new AbortController();
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.leave.signal });
    this.cut(50);
  }

  disconnectedCallback() { this.leave?.abort(); }

  grip(event) {
    if (event.target.closest("button")) return;
    const { left, width } = this.getBoundingClientRect();
    this.cut(((event.clientX - left) / width) * 100);
    this.range.value = String(Math.round(this.at));
  }

  // Show the older photo up to so many percent of the width.
  cut(percent) {
    this.at = Math.min(Math.max(percent, 0), 100);
    this.style.setProperty("--cut", `${this.at}%`);
  }

  key(event) {
    if (isTyping(event) || event.target === this.range) return;
    if (event.key === "f") toggleFull(this);
    const step = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (!step) return;
    this.cut(this.at + step);
    this.range.value = String(Math.round(this.at));
  }
}

customElements.define("megacam-compare", Compare);
