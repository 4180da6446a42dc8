// The courier's page: sign in, scan, see, report. One section is shown at a time; what a scan shows lives in the page's memory only
// and is wiped when the courier goes on, leaves, or does nothing for three minutes.

import { Later, Refused, ask } from "./api.js";
import { Camera, sorted } from "./camera.js";
import { account, forget, keep, made } from "./device.js";
import { show, wipe } from "./parcel.js";
import * as queue from "./queue.js";
import { speak, switchLanguage, word } from "./words.js";

const IDLE_MS = 180_000;
const SECTIONS = ["sign-in", "find", "parcel"];
const here = (id) => document.getElementById(id);
const camera = new Camera(here("video"), (picture) => ask(me, "POST", "/v1/scans/frame", picture, "image/jpeg"));
let me = null; // the account on this phone
let shown = null; // {code, told}: the parcel on the screen
let idle = 0;
let leaving = false; // was told that signing out loses scans

function say(text, look = "") {
  here("said").textContent = text;
  here("said").className = look;
}

function open(section) {
  for (const name of SECTIONS) here(name).hidden = name !== section;
  here("sign-out").hidden = section === "sign-in";
  if (section !== "find") closeCamera();
  here(section).querySelector("h2").focus();
}

function explain(error) {
  if (!(error instanceof Refused)) return say(word("errors").other, "warn");
  if (["courier_unauthenticated", "carrier_token_refused"].includes(error.code)) leave();
  return say(word("errors")[error.code] ?? word("errors").other, "warn");
}

// -- the account

async function signIn(event) {
  event.preventDefault();
  if (!globalThis.crypto?.subtle) return say(word("needsHttps"), "warn");
  const fresh = await made(here("token").value.trim(), here("station").value.trim());
  here("token").value = "";
  try {
    me = await enrolled(fresh);
    const before = await account();
    if (before && before.courier !== me.courier) await queue.drop(); // one courier's scans are not sent in another's name
    await keep(me);
    say("");
    open("find");
  } catch (error) {
    me = null;
    if (error instanceof Later) say(word("errors").overloaded, "warn");
    else explain(error);
  }
}

/** Bind the token to this phone. A carrier's own token (three parts) is bound by the carrier and goes unsigned. */
async function enrolled(fresh) {
  const own = fresh.token.split(".").length === 3;
  const asked = { ...fresh, bound: !own };
  const told = own
    ? await ask(asked, "GET", "/v1/couriers/me")
    : await ask(asked, "POST", "/v1/couriers/device", { device_key: fresh.device });
  return { ...asked, courier: told.courier, role: told.role, station: told.station || fresh.station };
}

function leave() {
  me = null;
  close();
  open("sign-in");
}

/** Scans that could not be sent yet would be lost: said once, done at the second press. */
async function signOut() {
  await sendKept();
  if ((await counted()) && !leaving) {
    leaving = true;
    return say(word("notSent"), "warn");
  }
  leaving = false;
  await forget();
  await queue.drop();
  await counted();
  say("");
  leave();
}

// -- a scan

async function look(code) {
  if (!code.ticket && !code.waybill) return say(word("errors").ticket_refused, "warn");
  say(word("looking"));
  await report(code, { scan_id: crypto.randomUUID() }, "");
}

/** Send a scan; without a network keep what may be kept. A reveal is never kept: what it shows is for now. */
async function report(code, more, done) {
  const scan = { ...code, ...more };
  try {
    const told = await ask(me, "POST", "/v1/scans", { ...scan, station: me.station });
    shown = { code, told };
    show(told, me.role, (event) => report(code, { scan_id: crypto.randomUUID(), event }, word("done")));
    say(done, "good");
    open("parcel");
    rest();
  } catch (error) {
    if (error instanceof Later && !more.reason) {
      await queue.keep(scan);
      await counted();
      close();
      open("find");
      say(word("queued"), "warn");
    } else if (error instanceof Later) say(word("errors").overloaded, "warn");
    else explain(error);
  }
}

function reveal(event) {
  event.preventDefault();
  if (shown) report(shown.code, { scan_id: crypto.randomUUID(), reason: here("reason").value }, word("done"));
}

function close() {
  shown = null;
  clearTimeout(idle);
  wipe();
}

function rest() {
  clearTimeout(idle);
  idle = setTimeout(() => {
    close();
    if (me) open("find");
  }, IDLE_MS);
}

// -- the camera

async function toggleCamera() {
  if (camera.on) return closeCamera();
  here("viewer").hidden = false;
  here("camera").dataset.word = "cameraOff";
  say(word("scanning"));
  speak();
  try {
    await camera.start((code) => {
      navigator.vibrate?.(60);
      closeCamera();
      look(code);
    });
    here("torch").hidden = !camera.hasTorch;
  } catch {
    closeCamera();
    say(word("noCamera"), "warn");
    here("number").focus();
  }
}

function closeCamera() {
  camera.stop();
  here("viewer").hidden = true;
  here("torch").hidden = true;
  here("camera").dataset.word = "cameraOn";
  speak();
}

// -- the queue

async function counted() {
  const kept = await queue.waiting();
  here("waiting").textContent = kept ? `${word("waiting")}${kept}` : "";
  here("send").hidden = !kept;
  return kept;
}

async function sendKept() {
  if (!me || !(await counted())) return;
  try {
    const [sent, refused] = await queue.send(me);
    if (refused) say(`${refused} ${word("sentSome")}`, "warn");
    else if (sent) say(word("sent"), "good");
  } catch (error) {
    if (!(error instanceof Later)) explain(error);
  }
  await counted();
}

// -- the page

function reasons() {
  const options = Object.entries(word("reasons")).map(([code, text]) => new Option(text, code));
  here("reason").replaceChildren(...options);
}

function changeLanguage() {
  switchLanguage();
  words();
  if (shown) show(shown.told, me.role, (event) => report(shown.code, { scan_id: crypto.randomUUID(), event }, word("done")));
  say("");
}

function words() {
  speak();
  reasons();
  counted();
}

function listen() {
  here("language").addEventListener("click", changeLanguage);
  here("token-form").addEventListener("submit", signIn);
  here("by-hand").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = here("number").value.trim().toUpperCase();
    here("number").value = "";
    look(sorted(text));
  });
  here("reveal-form").addEventListener("submit", reveal);
  here("camera").addEventListener("click", toggleCamera);
  let lit = false;
  here("torch").addEventListener("click", () => camera.torch((lit = !lit)));
  here("next").addEventListener("click", () => {
    close();
    say("");
    open("find");
  });
  here("send").addEventListener("click", sendKept);
  here("sign-out").addEventListener("click", signOut);
  addEventListener("online", sendKept);
  addEventListener("pagehide", close); // a page that is kept for the back button keeps no parcel
  setInterval(sendKept, 15_000);
}

listen();
words();
me = (await account()) ?? null;
open(me ? "find" : "sign-in");
sendKept();
navigator.serviceWorker?.register("/scan/worker.js", { scope: "/scan" });
