// Scans made without a network: which code, which event, when. Nothing of what a scan shows is ever in here.

import { ask } from "./api.js";
import { QUEUE, all, clear, count, put, remove } from "./store.js";

const BATCH = 100;
const KEPT_MS = 7 * 86_400_000; // the service believes no device about more
const AGAIN = new Set(["overloaded", "store_unavailable", "store_failed", "internal"]);

export const waiting = () => count(QUEUE);
export const drop = () => clear(QUEUE);

/** Keep a scan for later; only these fields. */
export function keep({ scan_id, ticket, waybill, event }) {
  return put(QUEUE, { scan_id, ticket: ticket ?? "", waybill: waybill ?? "", event: event ?? "", made_at: Date.now() });
}

/** Send what is kept, oldest first. Gives [sent, refused]; throws where there is still no network. */
export async function send(me) {
  let sent = 0, refused = 0;
  const kept = (await all(QUEUE)).sort((one, other) => one.made_at - other.made_at);
  for (const old of kept.filter((scan) => Date.now() - scan.made_at > KEPT_MS)) await remove(QUEUE, old.scan_id);
  const fresh = kept.filter((scan) => Date.now() - scan.made_at <= KEPT_MS);
  for (let from = 0; from < fresh.length; from += BATCH) {
    const part = fresh.slice(from, from + BATCH);
    const told = await ask(me, "POST", "/v1/scans/batch", part.map((scan) => ({ ...scan, station: me.station })));
    for (const [at, scan] of part.entries()) {
      const { code } = told.results[at];
      if (AGAIN.has(code)) continue;
      await remove(QUEUE, scan.scan_id);
      if (code) refused += 1;
      else sent += 1;
    }
  }
  return [sent, refused];
}
