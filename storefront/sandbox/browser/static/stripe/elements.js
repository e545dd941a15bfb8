/* Elements: what the page chose, and the one payment element made from it. */

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
    demand(type === "payment", `A valid Element name must be provided. Valid Elements are: payment (the sandbox has no other); you passed: ${type}.`);
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
  readyFrame(verb, params) {
    demand(this.#submitted || this.clientSecret,
      `elements.submit() must be called and must succeed before ${verb}().`);
    const frame = this.cardFrame(verb);
    this.#payment.judgeBilling(verb, params);
    return frame;
  }

  /* An Elements of one mode confirms no intent of the other kind. */
  judgeMode(verb, object) {
    const wanted = object === "setup_intent" ? "setup" : "payment";
    demand(!this.#options.mode || this.#options.mode === wanted,
      `Invalid value for ${verb}(): elements was created with mode '${this.#options.mode}', and ${verb}() needs mode '${wanted}'.`);
  }
}

function judgeElementsOptions(options) {
  demand(!("paymentMethodTypes" in options),
    "Invalid elements() parameter: paymentMethodTypes is no longer supported. Use allowedPaymentMethodTypes.");
  const { allowedPaymentMethodTypes: allowed } = options;
  demand(allowed === undefined || (Array.isArray(allowed) && allowed.length && allowed.every((one) => typeof one === "string")),
    "Invalid value for elements(): allowedPaymentMethodTypes must be an array of payment method types.");
  demand([undefined, null, "on_session", "off_session"].includes(options.setupFutureUsage),
    "Invalid value for elements(): setupFutureUsage must be 'on_session' or 'off_session'.");
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
