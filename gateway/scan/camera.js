// The camera: the browser's own barcode reader where there is one; otherwise the middle of the picture, at most 640 points wide,
// goes to our own service, is read there and kept nowhere. A label bears both codes: the ticket wins, and a waybill alone counts
// once it was read three times.

const SIDE = 640;
const TICKET = /^HTTPS:\/\/[^/]+\/Q\/[A-Z2-7]+$/;
const WAYBILL = /^[A-Z0-9-]{8,32}$/;
const FORMATS = ["qr_code", "code_128", "code_39", "data_matrix"];
const PAUSE = { own: 120, service: 400 };

export class Camera {
  #stream = null;
  #seen = { waybill: "", times: 0 };

  constructor(video, readFrame) {
    this.video = video;
    this.readFrame = readFrame;
  }

  get on() {
    return this.#stream !== null;
  }

  /** Open the camera and call `found` once, with {ticket} or {waybill}. Throws where there is no camera or no leave. */
  async start(found) {
    const wish = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } };
    this.#stream = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
    this.video.srcObject = this.#stream;
    await this.video.play();
    this.#seen = { waybill: "", times: 0 };
    this.#watch(this.#stream, await ownReader(), found);
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.video.srcObject = null;
  }

  get hasTorch() {
    return Boolean(this.#stream?.getVideoTracks()[0]?.getCapabilities?.().torch);
  }

  torch(on) {
    return this.#stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [{ torch: on }] });
  }

  async #watch(stream, reader, found) {
    while (this.#stream === stream) {
      const read = await (reader ? own(reader, this.video) : this.#service()).catch(() => ({}));
      const chosen = this.#choose(read);
      if (chosen && this.#stream === stream) {
        this.stop();
        found(chosen);
        return;
      }
      await new Promise((settle) => setTimeout(settle, reader ? PAUSE.own : PAUSE.service));
    }
  }

  #choose({ ticket, waybill }) {
    if (ticket) return { ticket };
    if (!waybill) return null;
    this.#seen = { waybill, times: this.#seen.waybill === waybill ? this.#seen.times + 1 : 1 };
    return this.#seen.times >= 3 ? { waybill } : null;
  }

  async #service() {
    const { videoWidth: width, videoHeight: height } = this.video;
    const side = Math.min(width, height);
    if (!side) return {};
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.min(SIDE, side);
    const from = [(width - side) / 2, (height - side) / 2, side, side];
    canvas.getContext("2d").drawImage(this.video, ...from, 0, 0, canvas.width, canvas.height);
    const picture = await new Promise((settle) => canvas.toBlob(settle, "image/jpeg", 0.8));
    return this.readFrame(new Uint8Array(await picture.arrayBuffer()));
  }
}

/** What a text read or typed is: a ticket, a waybill, or neither. */
export function sorted(text) {
  if (TICKET.test(text)) return { ticket: text };
  return WAYBILL.test(text) ? { waybill: text } : {};
}

async function ownReader() {
  if (!("BarcodeDetector" in globalThis)) return null;
  const can = await BarcodeDetector.getSupportedFormats();
  return can.includes("qr_code") ? new BarcodeDetector({ formats: FORMATS.filter((name) => can.includes(name)) }) : null;
}

async function own(reader, video) {
  const found = (await reader.detect(video)).map((code) => sorted(code.rawValue));
  return Object.assign({}, ...found);
}
