// What the bucket has: cameras, days, and each day in the form that the gallery's player takes.
// A day comes from the digest (docs/digest.md) if there is one, else from what `megacam cloud site
// --publish` wrote. Whatever is in the bucket is untrusted: names are checked before they are used.

const SITE = "/_site/";
const NAME = /^(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)(\d\d)(\d\d)-\d{1,12}\.jpg$/;
const DAY_MS = 86_400_000;
// So many days are looked for beyond those that were published, where nothing lists them.
const AHEAD_DAYS = 31;
const DAY = /^\d{4}-\d\d-\d\d$/;

// Return the JSON at an address, or null if there is none: S3 answers 403 for what is missing.
const readJson = async (path) => {
  const answer = await fetch(path, { cache: "no-cache" });
  if (answer.ok) return answer.json();
  if (answer.status === 403 || answer.status === 404) return null;
  throw new Error(`the site answers ${answer.status}`);
};

const dayFolder = (camera, day) => `/${camera}/_digest/${day.replaceAll("-", "/")}/`;
const dayAfter = (day, count) => new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10);
const seconds = (iso) => Math.round(Date.parse(iso) / 1000);

// Return the second at which a photo was taken, or NaN for a name that is not a photo's.
const takenAt = (name) => {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
};

// Return the address of an object of the camera's digest, or null if the key is anything else.
const ofDigest = (camera, object) => {
  const key = object?.key;
  const inside = new RegExp(`^${camera}/_digest/([0-9a-z-]+/)*[0-9a-z-]+\\.(jpg|mp4|json)$`);
  return typeof key === "string" && inside.test(key) ? `/${key}` : null;
};

const isOffset = (pair) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite);

// Return [[from this second on, seconds east of UTC], ...] for a day of the camera's zone. An older
// digest does not say it: then the offsets follow from the day's first and last midnight, and a
// POSIX zone says at what hour they change.
const offsetsOf = ({ day, start, end, zone, offsets }) => {
  if (Array.isArray(offsets) && offsets.length && offsets.every(isOffset)) return offsets;
  const before = Date.parse(day) / 1000 - seconds(start);
  const after = Date.parse(dayAfter(day, 1)) / 1000 - seconds(end);
  const found = [[seconds(start), before]];
  if (after !== before) {
    const rule = String(zone).split(",")[after > before ? 1 : 2] ?? "";
    const hour = Number(/\/(\d+)/.exec(rule)?.[1] ?? 2);
    found.push([seconds(start) + hour * 3600, after]);
  }
  return found;
};

const GAP_WORDS = { outage: "no photos", thinned: "thinned: fewer photos" };

const inWords = (count) => {
  if (count < 90) return `${count} s`;
  const minutes = Math.round(count / 60);
  if (minutes < 90) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
};

const gapsOf = (digest, text) => digest.gaps.filter(({ kind }) => kind in GAP_WORDS).map((gap) => {
  const [from, to] = [seconds(gap.start), seconds(gap.end)];
  const times = `${text(from).slice(0, 5)} to ${text(to).slice(0, 5)}`;
  return [from, to, gap.kind, `${times}: ${GAP_WORDS[gap.kind]} (${inWords(to - from)})`];
});

// Return the most frequent step between two photos: gaps do not count.
const stepOf = (frames) => {
  const steps = frames.slice(1).map((frame, n) => frame[0] - frames[n][0]).sort((a, b) => a - b);
  return Math.max(1, steps[steps.length >> 1] ?? 30);
};

// Return the labelled photos of a day: [[t, name, "fox, grass"], ...].
const labelsOf = ({ labels }, rows) => Object.entries(labels ?? {})
  .filter(([name, found]) => rows.has(name) && Object.keys(found ?? {}).length)
  .map(([name, found]) => [takenAt(name), name, Object.keys(found).join(", ")])
  .sort((a, b) => a[0] - b[0]);

// Return a day of the digest: {data, keogram, film, moments, labels, thumb}; null if its form is unknown.
const fromDigest = (camera, digest) => {
  if (digest?.format !== 1 || !Array.isArray(digest.photos)) return null;
  const rows = new Map();
  for (const row of digest.photos) {
    if (!Number.isNaN(takenAt(row[0])) && row[3] !== null) rows.set(row[0], row);
  }
  const frames = [...rows.values()].map(([name, , , , , moved]) => [takenAt(name), name, moved ? 1 : 0, 0]);
  const zone = offsetsOf(digest);
  const { columns, a_sheet: aSheet, width, height } = digest.cell;
  // A thumbnail: the sheet of its hour, and its place there in cells.
  const thumb = (name) => {
    const [, , hour, cell] = rows.get(name) ?? [];
    const sheet = ofDigest(camera, digest.hours[hour]?.sprites[Math.floor(cell / aSheet)]);
    if (!sheet) return null;
    const place = cell % aSheet;
    return { sheet, columns, left: place % columns, top: Math.floor(place / columns), width, height };
  };
  return {
    data: playerData(camera, frames, gapsOf(digest, clockOf(zone)), zone, seconds(digest.start), seconds(digest.end)),
    keogram: ofDigest(camera, digest.keogram),
    film: ofDigest(camera, digest.film),
    films: digest.hours.map(({ start, film }) => [seconds(start), ofDigest(camera, film)]).filter(([, film]) => film),
    moments: digest.moments.map(({ key }) => String(key).slice(camera.length + 1))
      .filter((name) => rows.has(name)).map((name) => [takenAt(name), name]),
    labels: labelsOf(digest, rows),
    thumb,
  };
};

const playerData = (camera, frames, gaps, zone, start, end) => ({
  start, end, at: frames.at(-1)?.[0] ?? start, step: stepOf(frames), zone, links: [], favourites: false,
  tracks: [{ device: camera, source: `/${camera}/`, thumbs: null, frames, gaps }],
});

// Return a published day in the same form.
const fromPublished = (camera, data) => {
  const [track] = data.tracks;
  const frames = track.frames.filter(([, name]) => NAME.test(name));
  const tracks = [{ ...track, device: camera, source: `/${camera}/`, thumbs: null, frames }];
  return { data: { ...data, tracks }, keogram: null, film: null, films: [], moments: [], labels: [], thumb: () => null };
};

// Return a day of a camera, or null if nothing is known of it.
const readDay = async (camera, day) => {
  const digest = fromDigest(camera, await readJson(`${dayFolder(camera, day)}day.json`));
  if (digest) return digest;
  const published = await readJson(`${SITE}${camera}/${day}.json`);
  return published && fromPublished(camera, published);
};

// Return the days of a camera, newest first: {day, photos, cover}; the latter two only if published.
const readDays = async (camera) => {
  const [site, digest] = await Promise.all(
    [`${SITE}${camera}/days.json`, `/${camera}/_digest/days.json`].map(readJson),
  );
  const published = site?.days ?? [];
  const known = new Set(published.map(({ day }) => day));
  const listed = digest?.format === 1 && Array.isArray(digest.days) ? digest.days : null;
  const digested = listed ? listed.filter((day) => DAY.test(day) && !known.has(day))
    : await lookForDays(camera, known);
  return [...published, ...digested.map((day) => ({ day, photos: null, cover: false }))]
    .sort((a, b) => (a.day < b.day ? 1 : -1));
};

// Ask for the index of each recent day: a digest of an earlier version lists none.
const lookForDays = async (camera, known) => {
  const tomorrow = dayAfter(new Date().toISOString().slice(0, 10), 1);
  const oldest = dayAfter(tomorrow, -AHEAD_DAYS);
  const newest = [...known].sort().at(-1) ?? oldest;
  const asked = [];
  for (let day = newest > oldest ? newest : oldest; day <= tomorrow; day = dayAfter(day, 1)) {
    if (!known.has(day)) asked.push(day);
  }
  const answers = await Promise.all(asked.map((day) => (
    fetch(`${dayFolder(camera, day)}day.json`, { method: "HEAD", cache: "no-cache" }))));
  return asked.filter((day, n) => answers[n].ok);
};
