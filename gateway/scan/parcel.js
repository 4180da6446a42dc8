// A parcel on the screen. Text goes in as text, never as markup; `wipe` leaves nothing of it behind.

import { word } from "./words.js";

const PARTIES = ["recipient", "sender", "third_party"];
const EVENTS = { delivered: "good", out_for_delivery: "", exception: "warn", returned: "" };
const here = (id) => document.getElementById(id);

export function wipe() {
  here("stage").textContent = "";
  for (const id of ["facts", "limits", "actions"]) here(id).replaceChildren();
  here("reveal").hidden = true;
  here("reveal").open = false;
}

/** Show what the service told. `role` decides whose door comes first; `report` is called with an event. */
export function show(told, role, report) {
  wipe();
  here("stage").textContent = word("stages")[told.stage];
  const order = role === "pickup" ? ["sender", "recipient", "third_party"] : PARTIES;
  const facts = order.flatMap((name, rank) => (told[name] ? party(name, told[name], rank ? "" : "large") : []));
  for (const [name, value] of [["waybill", told.waybill], ["routing", told.routing_code], ["remark", told.remark], ["goods", told.goods]])
    if (value) facts.push(element("h3", word(name)), element("p", value));
  here("facts").replaceChildren(...facts);
  const limits = new Set(Object.values(told.refused ?? {}).map((code) => word("limits")[code]));
  here("limits").replaceChildren(...[...limits].filter(Boolean).map((text) => element("li", text)));
  here("reveal").hidden = !told.actions.includes("reveal");
  here("actions").replaceChildren(...actions(told, order, report));
}

function party(name, { name: person, company, address }, look) {
  const lines = [[person, company].filter(Boolean).join(" · "), address ? written(address) : ""].filter(Boolean);
  return lines.length ? [element("h3", word(name)), ...lines.map((line) => element("p", line, look))] : [];
}

function written({ country, state, city, district, street, postcode }) {
  if (country === "CN") return [state, city, district, street].filter(Boolean).join("");
  return [street, district, city, [state, postcode].filter(Boolean).join(" "), country].filter(Boolean).join(", ");
}

function actions(told, order, report) {
  const made = [];
  const dial = order.map((name) => told[name]?.dial).find(Boolean);
  if (told.actions.includes("call") && dial) made.push(callButton(dial));
  for (const [event, look] of Object.entries(EVENTS)) {
    if (!told.actions.includes(event)) continue;
    const button = element("button", word(event), look);
    button.type = "button";
    button.dataset.event = event;
    button.addEventListener("click", () => report(event));
    made.push(button);
  }
  return made;
}

/** A comma makes the phone pause before it dials the extension. */
function callButton(dial) {
  const [number, extension] = dial.split("-");
  const link = element("a", `${word("call")} ${number}${extension ? ` ${word("extension")} ${extension}` : ""}`, "button");
  link.id = "call";
  link.href = `tel:${number}${extension ? `,${extension}` : ""}`;
  return link;
}

function element(kind, text, look = "") {
  const made = document.createElement(kind);
  made.textContent = text;
  if (look) made.className = look;
  return made;
}
