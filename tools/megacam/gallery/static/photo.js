// <megacam-photo>: one photo with zoom and full screen. Arrow keys and swipes follow the page's
// links to its neighbors. photo.py makes the element.

class Photo extends HTMLElement {
  connectedCallback() {
    if (this.zoom) return;
    const step = (count) => document.querySelector(`a[rel=${count < 0 ? "prev" : "next"}]`)?.click();
    this.zoom = new Zoom(this, step);
    const frame = [0, "", 0, Number(this.dataset.starred)];
    const star = makeStar(() => ({ frame, key: this.dataset.key }));
    star.draw();
    overlay(this, this, this.zoom, star.button);
    const acts = {
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
      f: () => toggleFull(this),
      s: () => star.button.click(),
    };
    this.leave = new AbortController();
    document.addEventListener("keydown", (event) => {
      if (isTyping(event)) return;
      if (this.zoom.key(event)) return event.preventDefault();
      return acts[event.key]?.();
    }, { signal: this.leave.signal });
  }

  disconnectedCallback() { this.leave?.abort(); }
}

customElements.define("megacam-photo", Photo);

// <megacam-wall>: the newest photo of every camera; F toggles full screen. wall.py makes the element.
class Wall extends HTMLElement {
  connectedCallback() {
    if (this.leave) return;
    this.leave = new AbortController();
    overlay(this, this, null);
    document.addEventListener("keydown", (event) => {
      if (!isTyping(event) && event.key === "f") toggleFull(this);
    }, { signal: this.leave.signal });
  }

  disconnectedCallback() { this.leave?.abort(); }
}

customElements.define("megacam-wall", Wall);
