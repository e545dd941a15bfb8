// A new card: Stripe's Payment Element in [data-payment-element], inside a form with data-new-card.
// On submit the card becomes a ConfirmationToken; only its id is posted. No part of the card ever stands in our page.
import { appearance, fonts } from "./appearance.js";
import { begin, end } from "./busy.js";
import { NO_WALLETS, NOT_LOADED, retryButton, stripe } from "./stripe.js";

const mounted = new WeakMap(); // the box: its Elements

async function mount(box) {
  if (mounted.has(box)) return;
  mounted.set(box, null);
  try {
    const { amount, currency } = box.dataset;
    const elements = (await stripe()).elements({
      mode: "payment", amount: Number(amount), currency, allowedPaymentMethodTypes: ["card"], appearance: appearance(), fonts: fonts(),
    });
    const place = document.createElement("div");
    box.append(place);
    const element = elements.create("payment", {
      wallets: NO_WALLETS, defaultValues: { billingDetails: { address: addressFor(box) } },
    });
    element.on("loaderror", () => failed(box));
    element.on("change", () => { box.closest("form")?.setAttribute("data-touched", ""); fault(box, ""); });
    element.mount(place);
    mounted.set(box, elements);
  } catch {
    failed(box);
  }
}

// Stripe.js, or the frame with its fields, did not come. Nothing typed elsewhere is lost; other ways to pay stand beside it.
function failed(box) {
  mounted.delete(box);
  box.replaceChildren(retryButton(() => { box.replaceChildren(); fault(box, ""); mount(box); }));
  const isOffered = Boolean(document.querySelector("[formaction*='/checkout/hosted'], form[action*='/checkout/hosted']"));
  fault(box, `${NOT_LOADED} ${isOffered ? "Try again, or pay on Stripe’s own page instead." : "Please try again."}`);
}

// What the customer has told us already is not asked again in the card's fields.
function addressFor(box) {
  const typed = box.closest("form")?.elements.namedItem("country") ? box.closest("form") : null;
  const [country, postal] = typed
    ? ["country", "postal_code"].map((field) => typed.elements.namedItem(field)?.value)
    : [box.dataset.country, box.dataset.postalCode];
  return { ...(country && { country }), ...(postal && { postal_code: postal }) };
}

function mountAll(root) {
  for (const box of root.querySelectorAll("[data-payment-element]")) {
    const fold = box.closest("details:not([open])");
    if (fold) fold.addEventListener("toggle", () => mount(box), { once: true });
    else mount(box);
  }
}

function fault(box, words) {
  const line = box.closest("form")?.querySelector("[data-card-fault]");
  if (!line) return;
  line.hidden = !words;
  line.querySelector("span").textContent = words;
}

// The total may have changed since the card's fields were drawn (another way of sending): Stripe must know before the token is made.
async function bind(form, elements) {
  const amount = Number(form.querySelector("[name='expected_total']").value);
  if (amount) await elements.update({ amount });
  return elements.submit();
}

async function tokenFor(form, box) {
  const elements = mounted.get(box);
  if (!elements) return { error: { message: "The card’s fields are not there yet. Please wait a moment." } };
  const { error } = await bind(form, elements);
  if (error) return { error };
  return (await stripe()).createConfirmationToken({ elements, params: { return_url: box.dataset.returnUrl, ...who(form) } });
}

function who(form) {
  const [name, email] = ["name", "email"].map((field) => form.elements.namedItem(field)?.value);
  if (!name && !email) return {};
  return { payment_method_data: { billing_details: { ...(name && { name }), ...(email && { email }) } } };
}

document.addEventListener("htmx:confirm", async (event) => {
  const form = event.detail.elt;
  const box = form.matches?.("form[data-new-card]") && form.querySelector("[data-payment-element]");
  // A total of nothing needs no card.
  if (!box || form.elements.namedItem("expected_total")?.value === "0") return;
  // What is missing is said beside each field, by the shop; the card's own fields say theirs at the same time.
  if (!form.checkValidity()) {
    mounted.get(box)?.submit();
    return;
  }
  event.preventDefault();
  if (form.getAttribute("aria-busy")) return;
  begin(form, event.detail.triggeringEvent?.submitter);
  fault(box, "");
  try {
    const { error, confirmationToken } = await tokenFor(form, box);
    if (error) throw error;
    form.elements.namedItem("confirmation_token").value = confirmationToken.id;
    event.detail.issueRequest(true);
  } catch (error) {
    end(form);
    fault(box, error.message ?? "The card could not be read. Please try again.");
  }
});

// A token pays once: the next press makes its own.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (form.matches?.("form[data-new-card]")) form.elements.namedItem("confirmation_token").value = "";
});

document.addEventListener("htmx:load", (event) => mountAll(event.detail.elt.parentElement ?? document));
mountAll(document);
