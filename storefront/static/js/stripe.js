// Stripe.js is loaded from Stripe by the page (layout/stripe.html); this waits for it and makes the one instance.

export const NOT_LOADED = "The card fields could not be loaded.";
// Until the shop is built for them.
export const NO_WALLETS = { applePay: "never", googlePay: "never", link: "never" };

let instance;

export function stripe() {
  instance ??= loaded().then(() => window.Stripe(document.querySelector("meta[name='stripe-key']").content));
  instance.catch(() => { instance = undefined; });
  return instance;
}

// Stands where the card's fields would.
export function retryButton(again) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button button--plain", textContent: "Load the card fields again" });
  button.addEventListener("click", () => { reload(); again(); });
  return button;
}

// A script that failed is never tried again by itself.
function reload() {
  if (window.Stripe) return;
  const failed = document.getElementById("stripe-js");
  if (!failed) return;
  const script = document.createElement("script");
  Object.assign(script, { id: failed.id, src: failed.src, async: true });
  failed.replaceWith(script);
}

function loaded() {
  if (window.Stripe) return Promise.resolve();
  const script = document.getElementById("stripe-js");
  if (!script) return Promise.reject(new Error("This page does not load Stripe.js"));
  return new Promise((resolve, reject) => {
    const look = setInterval(() => { if (window.Stripe) done(resolve); }, 100);
    const giveUp = setTimeout(() => done(() => reject(new Error("Stripe.js did not load"))), 20_000);
    const done = (then) => { clearInterval(look); clearTimeout(giveUp); then(); };
    script.addEventListener("load", () => window.Stripe && done(resolve));
    script.addEventListener("error", () => done(() => reject(new Error("Stripe.js did not load"))));
  });
}
