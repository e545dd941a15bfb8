// Stripe.js is loaded from Stripe by the page (layout/stripe.html); this waits for it and makes the one instance.

let instance;

export function stripe() {
  instance ??= loaded().then(() => window.Stripe(document.querySelector("meta[name='stripe-key']").content));
  instance.catch(() => { instance = undefined; });
  return instance;
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
