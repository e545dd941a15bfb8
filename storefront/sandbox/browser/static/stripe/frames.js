/* Frames of the sandbox's: each talks over a port of its own, handed to the sandbox's origin alone. */

class Frame {
  #asked = 0;
  #waiting = new Map();
  #port;
  #open;
  #opened = new Promise((resolve) => { this.#open = resolve; });

  constructor(path, title, settings, onEvent = () => {}) {
    this.settings = settings;
    this.onEvent = onEvent;
    this.node = document.createElement("iframe");
    this.node.title = title;
    this.node.src = BASE + path;
    Object.assign(this.node.style, { border: "0", display: "block", maxWidth: "none" });
    // Every document that loads in the frame is greeted: a bank's page answers from its second one.
    this.node.addEventListener("load", () => this.#greet());
    this.deadline = setTimeout(() => this.node.isConnected && this.onEvent({ event: "loaderror" }), PATIENCE_MS);
  }

  #greet() {
    this.#waiting.forEach((settle) => settle(connectionError()));
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#hear(data);
    this.node.contentWindow.postMessage({ sandbox: "hello", settings: this.settings }, ORIGIN, [port2]);
  }

  #hear(message) {
    if (message.id) return this.#waiting.get(message.id)?.(message.result);
    if (message.event === "ready") {
      clearTimeout(this.deadline);
      this.#open();
    }
    this.onEvent(message);
  }

  tell(verb, params) {
    this.#opened.then(() => this.#port.postMessage({ verb, params }));
  }

  ask(verb, params) {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      const settle = (result) => {
        clearInterval(watch);
        this.#waiting.delete(id);
        resolve(result);
      };
      // A swap may take the frame away while somebody waits for it.
      const watch = setInterval(() => this.node.isConnected || settle(connectionError()), 250);
      this.#opened.then(() => {
        this.#waiting.set(id, settle);
        this.#port.postMessage({ id, verb, params });
      });
      this.#opened.finally(() => clearTimeout(late));
      const late = setTimeout(() => settle(connectionError()), PATIENCE_MS);
    });
  }

  remove() {
    clearTimeout(this.deadline);
    this.#port?.close();
    this.node.remove();
  }
}

/* Calls that need no card go through a hidden frame, as they do at Stripe: no CORS, nothing left behind. */
async function askHidden(settings, verb, params) {
  const frame = new Frame("/frames/controller", "Stripe", settings);
  frame.node.hidden = true;
  frame.node.tabIndex = -1;
  document.body.append(frame.node);
  try {
    return await frame.ask(verb, params);
  } finally {
    frame.remove();
  }
}
