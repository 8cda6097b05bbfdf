// <megacam-compare>: two photos over each other and a slider between them (compare.py makes it).

class Compare extends HTMLElement {
  connectedCallback() {
    const range = this.querySelector("input");
    const set = () => this.style.setProperty("--cut", `${range.value}%`);
    range.addEventListener("input", set);
    this.addEventListener("pointermove", (event) => {
      if (event.buttons !== 1) return;
      const { left, width } = this.getBoundingClientRect();
      range.value = String(Math.round(((event.clientX - left) / width) * 1000) / 10);
      set();
    });
    set();
  }
}

customElements.define("megacam-compare", Compare);
