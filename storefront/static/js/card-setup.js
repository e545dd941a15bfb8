// Saving a card without paying: Stripe's Payment Element inside form[data-card-setup]. The shop begins the set-up (with the consent),
// Stripe's script finishes it, 3-D Secure in place, and then the shop asks Stripe itself: the browser's word is not taken for it.
import { appearance, fonts } from "./appearance.js";
import { begin, end } from "./busy.js";
import { NO_WALLETS, NOT_LOADED, retryButton, stripe } from "./stripe.js";

const mounted = new WeakMap(); // the form: its Elements

async function mount(form) {
  form.hidden = false;
  document.querySelector("[data-without-scripts]")?.remove();
  if (mounted.has(form)) return;
  mounted.set(form, null);
  try {
    const elements = (await stripe()).elements({
      mode: "setup", currency: form.dataset.currency, allowedPaymentMethodTypes: ["card"], appearance: appearance(), fonts: fonts(),
    });
    const place = document.createElement("div");
    form.querySelector("[data-card-fields]").replaceChildren(place);
    const element = elements.create("payment", {
      wallets: NO_WALLETS, defaultValues: { billingDetails: { address: { country: form.dataset.country } } },
    });
    element.on("loaderror", () => failed(form));
    element.on("change", () => fault(form, ""));
    element.mount(place);
    mounted.set(form, elements);
  } catch {
    failed(form);
  }
}

function failed(form) {
  mounted.delete(form);
  form.querySelector("[data-card-fields]").replaceChildren(retryButton(() => { fault(form, ""); mount(form); }));
  fault(form, `${NOT_LOADED} Please try again.`);
}

function fault(form, words) {
  const line = form.querySelector("[data-card-fault]");
  line.hidden = !words;
  line.querySelector("span").textContent = words;
}

async function ask(form) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
    location.reload(); // signed out meanwhile: the page itself leads to the login
    return new Promise(() => {});
  }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

async function save(form) {
  const elements = mounted.get(form);
  if (!elements) throw new Error("The card’s fields are not there yet. Please wait a moment.");
  const { error: mistyped } = await elements.submit();
  if (mistyped) throw mistyped;
  const { client_secret: clientSecret, return_url, then } = await ask(form);
  const { error } = await (await stripe()).confirmSetup({
    elements, clientSecret, confirmParams: { return_url }, redirect: "if_required",
  });
  await window.htmx.ajax("GET", then, { target: "#saved-cards", swap: "outerHTML" });
  if (error) return;
  form.reset();
  mounted.delete(form);
  await mount(form);
}

async function submitted(event) {
  event.preventDefault();
  const form = event.currentTarget;
  if (form.getAttribute("aria-busy")) return;
  begin(form, event.submitter);
  fault(form, "");
  try {
    await save(form);
  } catch (error) {
    fault(form, error.message ?? "The card could not be saved. Please try again.");
  } finally {
    end(form);
  }
}

function start(root) {
  for (const form of root.querySelectorAll("form[data-card-setup]:not([data-bound])")) {
    form.dataset.bound = "yes";
    form.addEventListener("submit", submitted);
    mount(form);
  }
}

document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? document));
start(document);
