// Decides at CloudFront who may read what: it runs before the cache, for every request of a viewer.
//
// A link ends in #ID.UNTIL.MAC. A browser never sends the part after "#", so no log, proxy or
// preview sees it. The page /_site/enter sends it once, in a header, which CloudFront does not log
// either, and gets a cookie ID.UNTIL.MAC of another kind. Each MAC is an HMAC-SHA256 with the key
// of its link, which is in the key-value store as "link.ID". To revoke a link is to delete its key.
//
// This file keeps to what cloudfront-js-2.0 knows: no for-of, no destructuring, no optional chaining.
import cf from "cloudfront";
import crypto from "crypto";

const links = cf.kvs();
const COOKIE = "__Host-megacam";
const HEADER = "x-megacam-link";
const TOKEN = /^([a-z0-9]{8})\.([0-9]{10})\.([A-Za-z0-9_-]{43})$/;

// All that a link can read. A path with "%", "..", "//" or anything else matches none of these.
const APP = /^\/_site\/[a-z0-9-]+\.(html|js|css|svg|png|webmanifest)$/;
const OF_CAMERA = [
  /^\/_site\/([a-z0-9-]{1,32})\/[a-z0-9-]+\.(json|jpg)$/,
  /^\/([a-z0-9-]{1,32})\/[0-9]{4}\/[0-9]{2}\/[0-9]{2}\/[0-9]{6}-[0-9]{1,12}\.jpg$/,
  // Of a digest, only what the pages show: beside it is the state of alarms, for example.
  /^\/([a-z0-9-]{1,32})\/_digest\/days\.json$/,
  /^\/([a-z0-9-]{1,32})\/_digest\/[0-9]{4}\/[0-9]{2}\/[0-9]{2}\/day\.json$/,
  /^\/([a-z0-9-]{1,32})\/_digest\/[0-9]{4}\/[0-9]{2}\/[0-9]{2}\/([0-9]{2}\/)?(sprite|keogram|film)-[0-9a-f]+\.(jpg|mp4)$/,
];

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>megacam</title>
<style>:root{color-scheme:light dark}body{font:1.05rem/1.5 system-ui,sans-serif;max-width:28rem;margin:12vh auto;padding:0 1rem}
input,button{font:inherit;box-sizing:border-box;width:100%;min-height:44px;padding:6px 10px;margin:6px 0}</style>
<script defer src="/_site/enter.js"></script></head>
<body><main><h1>These photos are private</h1>
<p id="say" role="status">Open the link that you were given, or paste it here.</p>
<form id="form"><label for="link">Link</label><input id="link" type="password" autocomplete="off">
<button>Open</button></form></main></body></html>`;

const SCRIPT = `"use strict";
const say = (words) => { document.getElementById("say").textContent = words; };
const enter = async (token) => {
  say("Opening …");
  try {
    const answer = await fetch("/_site/session", { headers: { "${HEADER}": token }, cache: "no-store" });
    if (answer.status === 204) location.replace("/_site/");
    else say("This link is not valid, or no longer. Ask for a new one.");
  } catch { say("There is no connection. Try again."); }
};
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname);
  enter(token);
}
document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(document.getElementById("link").value.trim().replace(/^.*#/, ""));
});
addEventListener("hashchange", () => location.reload());
`;

function answer(status, words, type, body) {
  return {
    statusCode: status,
    statusDescription: words,
    headers: {
      "content-type": { value: type },
      "cache-control": { value: "no-store" },
      "referrer-policy": { value: "no-referrer" },
      "x-content-type-options": { value: "nosniff" },
    },
    body: body,
  };
}

function refuse() {
  return answer(403, "Forbidden", "text/html; charset=utf-8", PAGE);
}

// Compare two strings of one length in a time that does not depend on where they differ.
function same(a, b) {
  if (a.length !== b.length) return false;
  let differ = 0;
  for (let i = 0; i < a.length; i += 1) differ |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return differ === 0;
}

function sign(key, kind, id, until) {
  return crypto.createHmac("sha256", key).update(`${kind}.${id}.${until}`).digest("base64url");
}

// Return the link that a token of this kind belongs to, or null: forged, expired or revoked.
async function linkOf(token, kind) {
  const parts = TOKEN.exec(token);
  if (!parts) return null;
  let link;
  try {
    link = JSON.parse(await links.get(`link.${parts[1]}`));
  } catch (error) {
    return null;
  }
  link.id = parts[1];
  const now = Date.now() / 1000;
  const right = same(parts[3], sign(link.key, kind, link.id, parts[2]));
  return right && now < Number(parts[2]) && now < link.until ? link : null;
}

// Exchange a link for a cookie that ends when the link does.
async function enter(request) {
  const header = request.headers[HEADER];
  const link = await linkOf(header ? header.value : "", "link");
  if (!link) return refuse();
  const mac = sign(link.key, "cookie", link.id, link.until);
  const left = Math.floor(link.until - Date.now() / 1000);
  const made = answer(204, "No Content", "text/plain", "");
  made.cookies = {};
  made.cookies[COOKIE] = {
    value: `${link.id}.${link.until}.${mac}`,
    attributes: `Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${left}`,
  };
  return made;
}

// Return which of the site's cameras the link may see.
async function camerasOf(link) {
  const all = JSON.parse(await links.get("cameras"));
  return all.filter((name) => link.cameras.length === 0 || link.cameras.includes(name));
}

function mayRead(link, uri) {
  if (APP.test(uri)) return true;
  const found = OF_CAMERA.map((one) => one.exec(uri)).filter((one) => one)[0];
  return Boolean(found) && (link.cameras.length === 0 || link.cameras.includes(found[1]));
}

async function handler(event) {
  const request = event.request;
  if (request.method !== "GET" && request.method !== "HEAD") return refuse();
  if (request.uri === "/_site/enter") return answer(200, "OK", "text/html; charset=utf-8", PAGE);
  if (request.uri === "/_site/enter.js") return answer(200, "OK", "text/javascript", SCRIPT);
  if (request.uri === "/_site/session") return enter(request);
  const cookie = request.cookies[COOKIE];
  const link = await linkOf(cookie ? cookie.value : "", "cookie");
  if (!link) return refuse();
  if (request.uri === "/") {
    const moved = answer(302, "Found", "text/plain", "");
    moved.headers.location = { value: "/_site/" };
    return moved;
  }
  if (request.uri === "/_site/me") {
    const cameras = await camerasOf(link);
    return answer(200, "OK", "application/json", JSON.stringify({ cameras: cameras, until: link.until }));
  }
  if (request.uri === "/_site/") request.uri = "/_site/index.html";
  if (!mayRead(link, request.uri)) return refuse();
  request.querystring = {};
  request.cookies = {};
  return request;
}
