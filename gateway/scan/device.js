// The courier's token and the key of this phone. The key cannot be read out, not even by this page; the token alone is worth
// nothing without it, because each request is signed (Veilway-Proof). That is why the token may outlive a restart here.

import { ACCOUNT, get, put, remove } from "./store.js";

const ME = "me";
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
let skew = 0; // seconds that the service's clock is ahead of this phone's

export const account = () => get(ACCOUNT, ME);
export const keep = (me) => put(ACCOUNT, me, ME);
export const forget = () => remove(ACCOUNT, ME);

/** A new account on this phone, with a key of its own. */
export async function made(token, station) {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const point = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { token, station, key: pair.privateKey, device: `es256:${coded(new Uint8Array(point))}`, bound: true };
}

/** The proof that this phone sends this request now. */
export async function proof(me, method, target, body) {
  const nonce = coded(crypto.getRandomValues(new Uint8Array(16)));
  const seconds = Math.floor(Date.now() / 1000) + skew;
  const bytes = new TextEncoder();
  const lines = ["veilway-proof-v1", method, target, await digest(body), await digest(bytes.encode(me.token)), seconds, nonce];
  const made = await crypto.subtle.sign(SIGNING, me.key, bytes.encode(lines.join("\n")));
  return `v1.${seconds}.${nonce}.${coded(new Uint8Array(made))}`;
}

/** Learn the service's time from its Date header; true where it differed enough to try again. */
export function setClock(date) {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return false;
  const before = skew;
  skew = Math.round((theirs - Date.now()) / 1000);
  return Math.abs(skew - before) > 30;
}

async function digest(bytes) {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...found].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function coded(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
