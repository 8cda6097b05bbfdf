// A stand-in for the runtime cloudfront-js-2.0: run function.js on events, one JSON line each.
//
// A line is {"event": ..., "store": {key: value}, "now_s": seconds or null}; the answer is what the
// handler returns, or {"error": words}, for which CloudFront would answer 503. The function sees
// a `crypto` with createHmac and nothing else, and a key-value store that throws for a missing key.
import nodeCrypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

let store = {};
const clock = Date.now;
globalThis.runtime = {
  crypto: { createHmac: (name, key) => nodeCrypto.createHmac(name, key) },
  cf: {
    kvs: () => ({
      get: async (key) => {
        if (!Object.hasOwn(store, key)) throw new Error("KeyNotFound");
        return store[key];
      },
    }),
  },
};
const source = readFileSync(process.argv[2], "utf8")
  .replace('import cf from "cloudfront";', "const cf = globalThis.runtime.cf;")
  .replace('import crypto from "crypto";', "const crypto = globalThis.runtime.crypto;");
const { handler } = await import(
  `data:text/javascript;base64,${Buffer.from(`${source}\nexport { handler };`).toString("base64")}`
);

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  store = told.store;
  Date.now = () => (told.now_s === null ? clock() : told.now_s * 1000);
  let made;
  try {
    made = await handler(told.event);
  } catch (error) {
    made = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(made)}\n`);
}
