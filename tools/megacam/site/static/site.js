// The pages of the private site: now, days, one day, films, moments. pages.py makes
// <megacam-site view="...">; index.js reads the bucket; the player and the styles are the gallery's.

const REFRESH_MS = 60_000;
const CELL_S = 300;
const PAGE_DAYS = 7;

const dayName = (day) => new Date(`${day}T12:00:00Z`).toLocaleDateString("en-GB", {
  weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
});
const dayLink = (camera, day, t) => `day.html?camera=${camera}&day=${day}${t ? `#at-${t}` : ""}`;
const ago = (t) => `${inWords(Math.max(0, Math.round(Date.now() / 1000 - t)))} ago`;

// Return a thumbnail cut out of its sheet by CSS; the sheet is loaded when it comes near.
const picture = (thumb, words) => {
  const image = make("span", "thumb");
  image.setAttribute("role", "img");
  image.setAttribute("aria-label", words);
  const { sheet, columns, left, top } = thumb;
  whenNear(image, () => { image.style.backgroundImage = `url("${sheet}")`; });
  image.style.backgroundSize = `${columns * 100}% auto`;
  // In percent, a place is a share of what lies outside of the box: hence columns - 1.
  image.style.setProperty("--left", `${columns > 1 ? (left * 100) / (columns - 1) : 0}%`);
  image.style.setProperty("--top", String(top));
  return image;
};

class Site extends HTMLElement {
  connectedCallback() {
    this.asked = new URLSearchParams(location.search);
    this.start();
  }

  async start() {
    this.say("Loading …");
    try {
      const me = await readJson(`${SITE}me`);
      if (!me) return location.replace(`${SITE}enter`);
      this.cameras = me.cameras;
      this.until = me.until;
      const camera = this.asked.get("camera");
      this.camera = this.cameras.includes(camera) ? camera : this.cameras[0];
      if (!this.camera) return this.empty("No camera yet", "The owner has to add one to this site.");
      await this[this.getAttribute("view")]();
    } catch (error) {
      this.refused(error);
    }
    return undefined;
  }

  say(words) {
    const line = make("p", "waiting", { textContent: words });
    line.setAttribute("role", "status");
    this.replaceChildren(line);
  }

  empty(title, words) {
    const box = make("section", "empty");
    box.append(make("h2", "", { textContent: title }), make("p", "", { textContent: words }));
    this.replaceChildren(box);
  }

  refused(error) {
    const box = make("section", "refused");
    box.setAttribute("role", "alert");
    box.append(
      make("h2", "", { textContent: "The photos cannot be shown" }),
      make("p", "", { textContent: `Check the connection: ${error.message}` }),
      makeButton("Try again", "Try again", () => this.start()),
    );
    this.replaceChildren(box);
  }

  // Return links to the same page of every camera, or nothing if there is only one.
  choice() {
    if (this.cameras.length < 2) return [];
    const links = make("nav", "choice row-tools");
    links.setAttribute("aria-label", "Cameras");
    links.append(...this.cameras.map((camera) => {
      const link = make("a", "tool", { href: `?camera=${camera}`, textContent: camera });
      if (camera === this.camera) link.setAttribute("aria-current", "true");
      return link;
    }));
    return [links];
  }

  // The newest photo of every camera.
  async now() {
    const shown = await Promise.all(this.cameras.map((camera) => this.newest(camera)));
    const found = shown.filter((one) => one);
    if (!found.length) return this.empty("No photos yet", "They appear after the first digest, or once the owner has published them.");
    const box = make("div", "site-now");
    box.append(...found.map((one) => this.newestCard(one)));
    this.replaceChildren(box);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again(), REFRESH_MS);
    return undefined;
  }

  // While nobody looks, nothing is requested.
  again() {
    if (!document.hidden) return this.now().catch(() => this.again());
    document.addEventListener("visibilitychange", () => this.again(), { once: true });
    return undefined;
  }

  // Most often the newest photo is of today, which is tomorrow or yesterday in other zones.
  async newest(camera) {
    const today = new Date().toISOString().slice(0, 10);
    const days = [1, 0, -1].map((count) => dayAfter(today, count));
    return await this.newestOf(camera, days)
      ?? this.newestOf(camera, (await readDays(camera)).slice(0, 2).map(({ day }) => day));
  }

  async newestOf(camera, days) {
    for (const day of days) {
      const found = await readDay(camera, day);
      const frame = found?.data.tracks[0].frames.at(-1);
      if (frame) return { camera, day, frame, text: clockOf(found.data.zone) };
    }
    return null;
  }

  newestCard({ camera, day, frame: [t, name], text }) {
    const card = make("section", "site-card");
    const link = make("a", "photo", { href: dayLink(camera, day, t) });
    const words = `${camera} at ${text(t).slice(0, 5)}`;
    link.append(make("img", "", { src: `/${camera}/${name}`, alt: words }));
    card.append(
      make("h2", "", { textContent: camera }), link,
      make("p", "summary", { textContent: `${text(t).slice(0, 5)}, ${ago(t)} · ${dayName(day)}` }),
    );
    return card;
  }

  async days() {
    const days = await readDays(this.camera);
    if (!days.length) return this.empty("No days yet", "They appear after the first digest, or once the owner has published them.");
    const covers = make("div", "covers");
    covers.append(...days.map((one) => this.cover(one)));
    this.replaceChildren(...this.choice(), covers);
    return undefined;
  }

  cover({ day, photos, cover }) {
    const link = make("a", "cover", { href: dayLink(this.camera, day) });
    const image = make("img", "", { alt: "", loading: "lazy" });
    if (cover) image.src = `${SITE}${this.camera}/${day}.jpg`;
    else whenNear(link, async () => {
      const digest = await readDay(this.camera, day);
      if (digest?.keogram) Object.assign(image, { src: digest.keogram, className: "strip" });
    });
    link.append(image, make("b", "", { textContent: dayName(day) }));
    link.append(make("span", "", { textContent: photos === null ? "" : `${photos.toLocaleString("en")} photos` }));
    return link;
  }

  async day() {
    const asked = this.asked.get("day");
    const [listed, there] = await Promise.all([
      readDays(this.camera), DAY.test(asked) ? readDay(this.camera, asked) : null,
    ]);
    const days = listed.map(({ day }) => day);
    const day = asked ?? days[0];
    const found = asked === null && day ? await readDay(this.camera, day) : there;
    if (!found?.data.tracks[0].frames.length) return this.empty("No photos", "Nothing is known of this day.");
    const title = make("h1", "", { textContent: `${this.camera}, ${dayName(day)}` });
    document.title = `${title.textContent} · megacam`;
    const player = make("megacam-player");
    player.dataset.photos = JSON.stringify(found.data);
    this.replaceChildren(title, player, ...this.strip(found), this.around(days, day), ...this.hours(found));
    return undefined;
  }

  // The keogram under the player: a click goes to its moment.
  strip({ keogram, data }) {
    if (!keogram) return [];
    const image = make("img", "keogram", { src: keogram, alt: "", title: "The day at a glance" });
    image.addEventListener("click", (event) => {
      const { left, width } = image.getBoundingClientRect();
      const t = data.start + ((event.clientX - left) / width) * (data.end - data.start);
      location.hash = `#at-${Math.round(t)}`;
    });
    return [image];
  }

  around(days, day) {
    const links = make("nav", "row-tools");
    links.setAttribute("aria-label", "Days");
    const place = days.indexOf(day);
    links.append(make("a", "tool", { href: `days.html?camera=${this.camera}`, textContent: "All days" }));
    const add = (other, words) => {
      if (other) links.append(make("a", "tool", { href: dayLink(this.camera, other), textContent: words }));
    };
    add(place >= 0 && days[place + 1], "◀ the day before");
    add(place > 0 && days[place - 1], "the day after ▶");
    return links;
  }

  // One row an hour; each cell is the first photo of five minutes, with motion if there was any.
  hours({ data, thumb }) {
    const text = clockOf(data.zone);
    const rows = new Map();
    for (const frame of data.tracks[0].frames) {
      const hour = text(frame[0]).slice(0, 2);
      if (!rows.has(hour)) rows.set(hour, new Map());
      const cell = Math.floor(frame[0] / CELL_S);
      const there = rows.get(hour).get(cell);
      if (!there || (frame[2] && !there[2])) rows.get(hour).set(cell, frame);
    }
    const box = make("div", "hours");
    box.append(...[...rows].map(([hour, cells]) => this.hour(hour, [...cells.values()], text, thumb)));
    return [make("h2", "", { textContent: "Hour by hour" }), box];
  }

  hour(hour, frames, text, thumb) {
    const row = make("section", "hour");
    const cells = make("div", "cells");
    cells.append(...frames.map((frame) => {
      const when = text(frame[0]).slice(0, 5);
      const words = `${this.camera} at ${when}${frame[2] ? ", motion" : ""}`;
      const cell = make("a", `cell${frame[2] ? " moved" : ""}`, { href: `#at-${frame[0]}`, title: words });
      const small = thumb(frame[1]);
      if (small) cell.append(picture(small, words));
      else cell.setAttribute("aria-label", words);
      cell.append(make("span", "time", { textContent: when }));
      return cell;
    }));
    row.append(make("h3", "", { textContent: `${hour}:00` }), cells);
    return row;
  }

  films() {
    return this.inPages("No films yet", "They appear once a digest that makes films has run.", ({ film, films, keogram, data }) => {
      const text = clockOf(data.zone);
      const all = film ? [["", film]] : films.map(([t, one]) => [text(t).slice(0, 5), one]);
      return all.map(([words, source]) => {
        const box = make("figure", "film");
        const video = make("video", "", { controls: true, preload: "none", playsInline: true, src: source });
        if (keogram) video.poster = keogram;
        video.setAttribute("aria-label", `Film ${words}`);
        box.append(video, make("figcaption", "summary", { textContent: words }));
        return box;
      });
    });
  }

  // The photos that differ most, or those with the label that is searched for.
  async moments() {
    const label = (this.asked.get("label") ?? "").trim();
    let hasLabels = Boolean(label);
    const empty = label ? [`No ${label} here`, "Search for something else."]
      : ["No moments yet", "They are the photos of a day that differ most, and appear once a digest has run."];
    await this.inPages(...empty, ({ moments, labels, thumb, data }, day) => {
      hasLabels ||= labels.length > 0;
      const found = label ? labels.filter(([, , words]) => words.includes(label.toLowerCase())) : moments;
      return found.map(([t, name, words]) => this.moment(day, t, thumb(name), clockOf(data.zone)(t).slice(0, 5), words));
    });
    if (hasLabels) this.prepend(this.search(label));
  }

  moment(day, t, small, when, words) {
    const title = `${this.camera} at ${when}${words ? `: ${words}` : ""}`;
    const link = make("a", "cell", { href: dayLink(this.camera, day, t), title });
    if (small) link.append(picture(small, title));
    link.append(make("span", "time", { textContent: words ? `${when} ${words}` : when }));
    return link;
  }

  search(label) {
    const box = make("div", "row-tools search");
    box.setAttribute("role", "search");
    const field = make("input", "tool", { type: "search", value: label, maxLength: 40, placeholder: "Search: fox" });
    field.setAttribute("aria-label", "Search the labels");
    field.setAttribute("aria-keyshortcuts", "/");
    field.addEventListener("change", () => {
      location.search = new URLSearchParams({ camera: this.camera, label: field.value });
    });
    box.append(field);
    if (label) box.append(make("a", "tool", { href: `?camera=${this.camera}`, textContent: "Show all" }));
    return box;
  }

  // Show what `made(day)` gives of each day, a week at a time.
  async inPages(title, words, made) {
    const days = (await readDays(this.camera)).map(({ day }) => day);
    const list = make("div");
    const more = makeButton("Earlier days", "Show earlier days", () => next());
    const next = async () => {
      const some = days.splice(0, PAGE_DAYS);
      const found = await Promise.all(some.map((day) => readDay(this.camera, day)));
      found.forEach((one, n) => {
        const cells = one ? made(one, some[n]) : [];
        if (!cells.length) return;
        const box = make("div", `cells large ${this.getAttribute("view")}`);
        box.append(...cells);
        list.append(make("h2", "", { textContent: dayName(some[n]) }), box);
      });
      more.hidden = !days.length;
    };
    await next();
    if (!list.children.length && !days.length) return this.empty(title, words);
    this.replaceChildren(...this.choice(), list, more);
    return undefined;
  }
}

customElements.define("megacam-site", Site);
