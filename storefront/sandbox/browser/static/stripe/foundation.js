/* Where the sandbox is, and how its Stripe.js complains. */

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

/* The page is going elsewhere: whoever waits for us waits until it is gone. */
const leaveFor = (address) => {
  window.location.assign(address);
  return new Promise(() => {});
};
