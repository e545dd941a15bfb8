/* The sandbox's stand-in for Stripe.js: the part of its interface that a shop with cards needs.
   Card numbers are typed into a frame of the sandbox's and never leave it; this file sees results alone. */
(() => {
  "use strict";
  if (window.Stripe?.version === "endive") return;

  const script = document.currentScript?.src
    ?? document.querySelector('script[src*="/js/stripe.js"], script[src*="/js/endive/stripe.js"]').src;
  const BASE = script.replace(/\/js\/(?:endive\/)?stripe\.js.*$/, "");
  const ORIGIN = new URL(BASE).origin;
  const PATIENCE_MS = 15000;
  const CHALLENGE_TITLE = "Your bank asks whether this is you";

  class IntegrationError extends Error {
    name = "IntegrationError";
  }

  const demand = (condition, message) => {
    if (!condition) throw new IntegrationError(message);
  };

  const connectionError = () => ({
    error: {
      type: "api_connection_error",
      message: "We could not reach Stripe. Please check your connection and try again.",
    },
  });

  /* --- Frames: each talks over a port of its own, handed only to the sandbox's origin --- */

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
      this.deadline = setTimeout(() => this.onEvent({ event: "loaderror" }), PATIENCE_MS);
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

  /* --- Looks: what the frame is told of the page it stands in --- */

  function brightness(colour) {
    const paint = new OffscreenCanvas(1, 1).getContext("2d");
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [red, green, blue] = paint.getImageData(0, 0, 1, 1).data;
    return (red * 299 + green * 587 + blue * 114) / 255000;
  }

  function schemeOf(appearance, node) {
    const background = appearance.variables?.colorBackground;
    if (background) return brightness(background) < 0.5 ? "dark" : "light";
    if (appearance.theme === "night") return "dark";
    const inherited = getComputedStyle(node).colorScheme;
    return inherited === "normal" ? "light" : inherited;
  }

  /* --- Elements --- */

  class PaymentElement {
    #elements;
    #options;
    #listeners = new Map();
    #destroyed = false;

    constructor(elements, options) {
      this.#elements = elements;
      this.#options = options;
    }

    get frame() {
      return this._frame?.node.isConnected ? this._frame : null;
    }

    mount(target) {
      demand(!this.#destroyed, "This Element has already been destroyed. Please create a new one.");
      const place = typeof target === "string" ? document.querySelector(target) : target;
      demand(place instanceof Element,
        `The selector you specified (${target}) applies to no DOM elements that are currently on the page.`);
      if (this.frame?.node.parentNode === place) return this;
      this.unmount();
      const scheme = schemeOf(this.#elements.appearance, place);
      const settings = { ...this.#elements.settings, scheme, readOnly: Boolean(this.#options.readOnly) };
      this._frame = new Frame("/frames/card", "Secure payment input frame", settings, (told) => this.#hear(told));
      // The frame is a little larger than its place, so that focus rings are not cut off at its edges.
      Object.assign(this._frame.node.style,
        { width: "calc(100% + 12px)", height: "240px", margin: "-6px", colorScheme: scheme });
      place.replaceChildren(this._frame.node);
      return this;
    }

    unmount() {
      this._frame?.remove();
      this._frame = null;
      return this;
    }

    destroy() {
      this.unmount();
      this.#destroyed = true;
      this.#elements.forget(this);
      return this;
    }

    update(options = {}) {
      Object.assign(this.#options, options);
      if ("readOnly" in options) this.frame?.tell("readOnly", Boolean(options.readOnly));
      return this;
    }

    restyle() {
      if (!this.frame) return;
      const { node } = this.frame;
      node.style.colorScheme = schemeOf(this.#elements.appearance, node.parentNode);
      this.frame.settings = { ...this.frame.settings, ...this.#elements.settings, scheme: node.style.colorScheme };
      this.frame.tell("appearance", this.frame.settings);
    }

    focus() {
      this.frame?.node.focus();
      this.frame?.tell("focus");
      return this;
    }

    blur() {
      this.frame?.tell("blur");
      return this;
    }

    clear() {
      this.frame?.tell("clear");
      return this;
    }

    collapse() {
      return this;
    }

    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      return this;
    }

    off(event, listener) {
      const kept = (this.#listeners.get(event) ?? []).filter((one) => listener && one !== listener);
      this.#listeners.set(event, kept);
      return this;
    }

    once(event, listener) {
      const only = (payload) => {
        this.off(event, only);
        listener(payload);
      };
      return this.on(event, only);
    }

    #hear({ event, ...payload }) {
      if (event === "resize") {
        if (this._frame) this._frame.node.style.height = `${payload.height}px`;
        return;
      }
      const detail = event === "loaderror" ? { error: connectionError().error } : payload;
      for (const listener of this.#listeners.get(event) ?? []) listener({ elementType: "payment", ...detail });
    }
  }

  class Elements {
    #options;
    #payment = null;
    #submitted = false;

    constructor(key, options) {
      judgeElementsOptions(options);
      this.key = key;
      this.#options = { ...options };
    }

    get appearance() {
      return this.#options.appearance ?? {};
    }

    get clientSecret() {
      return this.#options.clientSecret;
    }

    get setupFutureUsage() {
      return this.#options.setupFutureUsage;
    }

    get settings() {
      return { key: this.key, appearance: this.appearance, fonts: this.#options.fonts ?? [] };
    }

    create(type, options = {}) {
      demand(type === "payment", `The sandbox knows the payment element alone, not '${type}'.`);
      demand(!this.#payment, "Can only create one Element of type payment through this Elements instance. Use getElement() to get it.");
      this.#payment = new PaymentElement(this, { ...options });
      return this.#payment;
    }

    getElement(type) {
      return type === "payment" ? this.#payment : null;
    }

    forget(element) {
      if (this.#payment === element) this.#payment = null;
    }

    async update(changes = {}) {
      const { clientSecret, ...wanted } = { ...this.#options, ...changes };
      judgeElementsOptions("clientSecret" in this.#options ? { ...wanted, clientSecret } : wanted);
      Object.assign(this.#options, changes);
      if (changes.appearance || changes.fonts) this.#payment?.restyle();
    }

    async fetchUpdates() {
      return {};
    }

    async submit() {
      const result = await this.cardFrame("elements.submit").ask("submit");
      this.#submitted = !result.error;
      return result;
    }

    cardFrame(verb) {
      const frame = this.#payment?.frame;
      demand(frame, `${verb}() could not find a mounted payment Element. Mount it before calling ${verb}().`);
      return frame;
    }

    /* Without an intent Stripe insists on submit() first; so do we, or the shop would fail there alone. */
    readyFrame(verb) {
      demand(this.#submitted || this.clientSecret,
        `elements.submit() must be called and must succeed before ${verb}().`);
      return this.cardFrame(verb);
    }
  }

  function judgeElementsOptions(options) {
    demand(!("paymentMethodTypes" in options),
      "Invalid elements() parameter: paymentMethodTypes is no longer supported. Use allowedPaymentMethodTypes.");
    if (options.clientSecret) {
      demand(!options.mode, "Pass either a clientSecret or a mode to elements(), not both.");
      intentOf(options.clientSecret);
      return;
    }
    demand(["payment", "setup"].includes(options.mode),
      "In order to create a payment element, you must pass a clientSecret or a mode ('payment' or 'setup') to elements().");
    if (options.mode === "setup") return;
    demand(Number.isInteger(options.amount) && options.amount > 0,
      "Invalid value for elements(): amount must be a positive integer in the smallest unit of the currency.");
    demand(/^[a-z]{3}$/.test(options.currency ?? ""),
      "Invalid value for elements(): currency must be a three-letter code in lower case.");
  }

  /* --- Intents --- */

  function intentOf(clientSecret) {
    const [, id] = /^((?:pi|seti)_\w+?)_secret_\w+$/.exec(clientSecret ?? "") ?? [];
    demand(id, `Invalid value for clientSecret: it should look like \${id}_secret_\${secret}. You specified: ${clientSecret}.`);
    const isSetup = id.startsWith("seti_");
    return {
      id,
      clientSecret,
      result: isSetup ? "setupIntent" : "paymentIntent",
      object: isSetup ? "setup_intent" : "payment_intent",
      path: isSetup ? "setup_intents" : "payment_intents",
      lastError: isSetup ? "last_setup_error" : "last_payment_error",
    };
  }

  const answerOf = (intent, { object, error }) => (error ? { error } : { [intent.result]: object });

  async function retrieve(settings, intent) {
    const answer = await askHidden(settings, "retrieve", intent);
    return answerOf(intent, answer);
  }

  async function finish(settings, intent, found) {
    if (found.error || found[intent.result].status !== "requires_action") return found;
    const action = found[intent.result].next_action;
    if (action?.type === "redirect_to_url") {
      window.location.assign(action.redirect_to_url.url);
      return new Promise(() => {}); // the page is leaving
    }
    await challenge(intent);
    const after = await retrieve(settings, intent);
    if (after.error || after[intent.result].status !== "requires_payment_method") return after;
    return { error: refusalOf(intent, after[intent.result]) };
  }

  const refusalOf = (intent, object) => ({
    type: "invalid_request_error",
    code: `${intent.object}_authentication_failure`,
    message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
    ...object[intent.lastError],
    [intent.object]: object,
  });

  /* --- The bank's question: in place where the page has a place for it, else in a dialog --- */

  function challenge(intent) {
    return new Promise((resolve) => {
      const place = document.querySelector("[data-challenge-frame]");
      const scheme = getComputedStyle(place ?? document.documentElement).colorScheme;
      const settings = { scheme: scheme === "normal" ? "light" : scheme };
      const frame = new Frame(`/3ds/${intent.id}?frame=1`, CHALLENGE_TITLE, settings, (told) => {
        if (told.event === "resize") frame.node.style.height = `min(${told.height}px, 100dvh - 2rem)`;
        if (told.event !== "answered") return;
        takeDown();
        resolve();
      });
      Object.assign(frame.node.style, { width: "100%", height: "24rem", colorScheme: settings.scheme });
      const takeDown = place ? showInPlace(place, frame) : showInDialog(frame);
    });
  }

  function showInPlace(place, frame) {
      place.replaceChildren(frame.node);
    return () => frame.remove();
  }

  function showInDialog(frame) {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [dialogStyle()];
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", CHALLENGE_TITLE);
    dialog.setAttribute("closedby", "none");
    dialog.append(frame.node);
    root.append(dialog);
    document.body.append(host);
    let answered = false;
    // Esc must not lose the question. Browsers close a dialog on the second Esc whatever "cancel" says.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => answered || !host.isConnected || dialog.showModal());
    dialog.showModal();
    frame.node.focus();
    return () => {
      answered = true;
      dialog.close();
      frame.remove();
      host.remove();
    };
  }

  function dialogStyle() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      dialog { box-sizing: border-box; width: min(27rem, 100vw - 2rem); max-width: none; max-height: calc(100dvh - 2rem); padding: 0;
               border: 0; border-radius: 14px; overflow: hidden; background: Canvas; box-shadow: 0 24px 64px rgb(0 0 0 / .3); }
      dialog::backdrop { background: rgb(0 0 0 / .55); }`);
    return sheet;
  }

  /* --- Stripe --- */

  async function confirm(key, object, options) {
    const { elements, confirmParams = {}, redirect = "always" } = options;
    const clientSecret = options.clientSecret ?? elements?.clientSecret;
    const intent = intentOf(clientSecret);
    const verb = object === "setup_intent" ? "stripe.confirmSetup" : "stripe.confirmPayment";
    demand(intent.object === object, `${verb}() was given the client secret of another kind of intent.`);
    demand(redirect === "if_required" || confirmParams.return_url,
      `${verb}() needs confirmParams.return_url unless redirect is 'if_required'.`);
    const params = { intent, params: confirmParams };
    const answer = elements
      ? await elements.readyFrame(verb).ask("confirm", params)
      : await askHidden({ key }, "confirm", params);
    const result = await finish({ key }, intent, answerOf(intent, answer));
    if (result.error || redirect === "if_required") return result;
    window.location.assign(returnUrl(confirmParams.return_url, intent, result[intent.result]));
    return new Promise(() => {});
  }

  function returnUrl(target, intent, object) {
    const url = new URL(target, window.location.href);
    url.searchParams.set(intent.object, intent.id);
    url.searchParams.set(`${intent.object}_client_secret`, intent.clientSecret);
    url.searchParams.set("redirect_status", object.status === "processing" ? "pending" : "succeeded");
    return url.href;
  }

  async function createConfirmationToken(options) {
    demand(options.elements instanceof Elements, "stripe.createConfirmationToken() needs the elements it reads the card from.");
    const { elements, params = {} } = options;
    const frame = elements.readyFrame("stripe.createConfirmationToken");
    const usage = elements.setupFutureUsage;
    const { object, error } = await frame.ask("confirmationToken", { setup_future_usage: usage, ...params });
    return error ? { error } : { confirmationToken: object };
  }

  function judgeKey(key) {
    demand(typeof key === "string" && key, "Missing value for Stripe(): apiKey should be a string.");
    demand(!/^[sr]k_/.test(key), "You should not use your secret key with Stripe.js. Please pass a publishable key instead.");
    demand(!key.startsWith("pk_live_"), "This is the sandbox: it takes no live key.");
    demand(key.startsWith("pk_"), `Invalid API Key provided: ${key.slice(0, 8)}…`);
  }

  const retrieveAs = (settings, result) => async (clientSecret) => {
    const intent = intentOf(clientSecret);
    demand(intent.result === result, "This client secret belongs to another kind of intent.");
    return retrieve(settings, intent);
  };

  function Stripe(key) {
    judgeKey(key);
    const settings = { key };
    return {
      elements: (options = {}) => new Elements(key, options),
      createConfirmationToken: async (options = {}) => createConfirmationToken(options),
      confirmPayment: async (options = {}) => confirm(key, "payment_intent", options),
      confirmSetup: async (options = {}) => confirm(key, "setup_intent", options),
      retrievePaymentIntent: retrieveAs(settings, "paymentIntent"),
      retrieveSetupIntent: retrieveAs(settings, "setupIntent"),
      handleNextAction: async ({ clientSecret } = {}) => {
        const intent = intentOf(clientSecret);
        return finish(settings, intent, await retrieve(settings, intent));
      },
    };
  }

  Stripe.version = "endive";
  window.Stripe = Stripe;
})();
