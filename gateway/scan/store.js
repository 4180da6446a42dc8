// What stays on the phone: the account and the queue, in IndexedDB. No name, no address, no number of anybody is ever put here.

const NAME = "veilway-scan";
export const ACCOUNT = "account";
export const QUEUE = "queue";
let opened = null;

function open() {
  opened ??= new Promise((settle, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(ACCOUNT);
      asked.result.createObjectStore(QUEUE, { keyPath: "scan_id" });
    };
    asked.onsuccess = () => settle(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  return opened;
}

async function run(store, mode, work) {
  const base = await open();
  return new Promise((settle, fail) => {
    const change = base.transaction(store, mode);
    const asked = work(change.objectStore(store));
    change.oncomplete = () => settle(asked?.result);
    change.onerror = change.onabort = () => fail(change.error);
  });
}

export const get = (store, key) => run(store, "readonly", (held) => held.get(key));
export const all = (store) => run(store, "readonly", (held) => held.getAll());
export const count = (store) => run(store, "readonly", (held) => held.count());
export const put = (store, value, key) => run(store, "readwrite", (held) => held.put(value, key));
export const remove = (store, key) => run(store, "readwrite", (held) => held.delete(key));
export const clear = (store) => run(store, "readwrite", (held) => held.clear());
