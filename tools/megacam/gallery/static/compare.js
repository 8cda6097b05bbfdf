// <megacam-compare>: two photos on top of each other, the older one left, with a grip between them.
// The pointer and the arrow keys move the grip; F toggles full screen. markup.py makes the element.

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

  // Show the older photo in this percentage of the width, from the left.
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
