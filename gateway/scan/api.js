// Requests to our own origin, signed by this phone. An answer is handed on and kept nowhere.

import { proof, setClock } from "./device.js";

/** There is no network, or the service cannot take it now: the same request may succeed later. */
export class Later extends Error {}

/** The service said no; `code` says why. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export async function ask(me, method, path, body = null, type = "application/json") {
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(body === null ? "" : JSON.stringify(body));
  let reply = await send(me, method, path, bytes, type);
  if (reply.status === 401 && setClock(reply.headers.get("Date"))) reply = await send(me, method, path, bytes, type);
  if (reply.ok) return reply.json();
  const code = await reply.json().then((told) => told.code, () => "other");
  if (reply.status === 502 || reply.status === 503 || reply.status === 504) throw new Later(code);
  throw new Refused(code);
}

async function send(me, method, path, bytes, type) {
  const headers = { Authorization: `Bearer ${me.token}` };
  if (method !== "GET") headers["Content-Type"] = type;
  if (me.bound) headers["Veilway-Proof"] = await proof(me, method, path, bytes);
  const body = method === "GET" ? undefined : bytes;
  try {
    return await fetch(path, { method, headers, body, cache: "no-store", credentials: "omit", redirect: "error" });
  } catch {
    throw new Later("network");
  }
}
