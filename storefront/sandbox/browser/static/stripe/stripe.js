/* What the shop's page sees. */

async function confirm(key, object, options) {
  const { elements, confirmParams = {}, redirect = "always" } = options;
  const clientSecret = options.clientSecret ?? elements?.clientSecret;
  const intent = intentOf(clientSecret);
  const verb = object === "setup_intent" ? "stripe.confirmSetup" : "stripe.confirmPayment";
  demand(intent.object === object, `${verb}() was given the client secret of another kind of intent.`);
  demand(redirect === "if_required" || confirmParams.return_url,
    `${verb}() needs confirmParams.return_url unless redirect is 'if_required'.`);
  elements?.judgeMode(verb, object);
  const params = { intent, params: confirmParams };
  const answer = elements
    ? await elements.readyFrame(verb, confirmParams).ask("confirm", params)
    : await askHidden({ key }, "confirm", params);
  const result = await finish({ key }, intent, answerOf(intent, answer));
  if (result.error || redirect === "if_required") return result;
  return leaveFor(returnUrl(confirmParams.return_url, intent, result[intent.result]));
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
  const frame = elements.readyFrame("stripe.createConfirmationToken", params);
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
