/* Intents: asked for, confirmed, and taken through the bank's question. */

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
  if (action?.type === "redirect_to_url") return leaveFor(action.redirect_to_url.url);
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
