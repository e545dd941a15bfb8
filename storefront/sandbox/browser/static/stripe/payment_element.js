/* The payment element: a card form in a frame, in any place of the page. */

class PaymentElement {
  #elements;
  #options;
  #listeners = new Map();
  #destroyed = false;

  constructor(elements, options) {
    judgeWallets(options.wallets);
    this.#elements = elements;
    this.#options = options;
  }

  /* What the frame asks of the card's owner, and what the shop knows of them already. */
  get billing() {
    const fields = this.#options.fields?.billingDetails ?? "auto";
    const address = fields === "never" ? "never" : fields.address ?? "auto";
    const isAsked = (name) => address !== "never" && address[name] !== "never";
    return {
      asked: { country: isAsked("country"), postal: isAsked("postalCode") },
      address: this.#options.defaultValues?.billingDetails?.address ?? {},
    };
  }

  /* What the shop told us not to ask, it has to say itself. */
  judgeBilling(verb, { payment_method_data: data } = {}) {
    const { asked } = this.billing;
    for (const [name, isAsked, field] of [["country", asked.country, "country"], ["postal_code", asked.postal, "postalCode"]]) {
      demand(isAsked || data?.billing_details?.address?.[name] !== undefined,
        `You specified "never" for fields.billing_details.address.${name} when creating the payment Element, but did not pass`
        + ` params.billing_details.address.${name} when calling ${verb}(). If you opt out of collecting data via the payment`
        + ` Element using the fields option (fields.billingDetails.address.${field}), the data must be passed in when calling ${verb}().`);
    }
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
    const settings = { ...this.#elements.settings, scheme, readOnly: Boolean(this.#options.readOnly), billing: this.billing };
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

/* The sandbox shows no wallet anyway; what Stripe would not understand it refuses too. */
function judgeWallets(wallets = {}) {
  for (const [name, wanted] of Object.entries(wallets)) {
    demand(["applePay", "googlePay", "link"].includes(name) && ["auto", "never"].includes(wanted),
      `Invalid value for create(): wallets.${name} should be either 'auto' or 'never' of applePay, googlePay or link.`);
  }
}
