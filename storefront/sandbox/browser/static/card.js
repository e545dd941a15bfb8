/* The card frame. What is typed here goes to the sandbox's API and nowhere else. */
import { brandOf, digitsOf, expiryOf, faultOfCvc, faultOfExpiry, faultOfNumber, formatCvc, formatExpiry, formatNumber } from "./card_rules.js";
import { faultOfPostal, guessedCountry, postalRule } from "./billing.js";
import { wear } from "./appearance.js";
import { call, confirm, listen, tell, tellHeight } from "./frame.js";

const form = document.querySelector("#card");
const number = document.querySelector("#number");
const expiry = document.querySelector("#expiry");
const cvc = document.querySelector("#cvc");
const country = document.querySelector("#country");
const postal = document.querySelector("#postal");
const brand = document.querySelector("#brand");

const asked = { country: true, postal: true }; // what the shop leaves to us

const digits = new Set([number, expiry, cvc]); // fields of digits alone, which are written in groups
const fields = new Map([
  [number, { format: formatNumber, faultOf: faultOfNumber }],
  [expiry, { format: formatExpiry, faultOf: (text) => faultOfExpiry(text) }],
  [cvc, { format: (text) => formatCvc(text, number.value), faultOf: (text) => faultOfCvc(text, number.value) }],
  [postal, { faultOf: (text) => (isPostalAsked() ? faultOfPostal(text, country.value) : null) }],
]);

const written = new Map(); // what we last made of each input

// A fault makes the form higher. Shown at once, it would push away the button that is just being pressed.
const CLICK_MS = 400;
let isTabbing = false;

const isPostalAsked = () => asked.postal && postalRule(country.value) !== undefined;

const faultIn = (input) => fields.get(input).faultOf(input.value);

function show(input, fault) {
  const line = document.querySelector(`#${input.id}-fault`);
  line.hidden = !fault;
  line.lastElementChild.textContent = fault?.message ?? "";
  if (fault) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/* The caret stays behind the digit it stood behind, though spaces come and go. */
function reformat(input, inputType) {
  let { value } = input;
  const isAtEnd = input.selectionStart === value.length;
  let before = digitsOf(value.slice(0, input.selectionStart)).length;
  // Backspace took a space, which comes back at once: what was meant is the digit before it.
  if (inputType === "deleteContentBackward" && before && digitsOf(value) === digitsOf(written.get(input) ?? "")) {
    const digits = digitsOf(value);
    value = digits.slice(0, before - 1) + digits.slice(before);
    before -= 1;
  }
  const formatted = fields.get(input).format(value);
  written.set(input, formatted);
  if (formatted === input.value) return;
  input.value = formatted;
  const place = isAtEnd ? formatted.length : placeBehind(before, formatted);
  input.setSelectionRange(place, place);
}

function placeBehind(count, text) {
  let place = 0;
  for (let seen = 0; seen < count && place < text.length; place += 1) seen += /\d/.test(text[place]);
  return place;
}

function change() {
  const { name, cvc: length } = brandOf(number.value);
  brand.textContent = name;
  cvc.placeholder = "1234".slice(0, length);
  const inputs = [...fields.keys()];
  tell("change", {
    empty: [...digits].every(({ value }) => !value),
    complete: inputs.every((input) => !faultIn(input)),
    collapsed: false,
    value: { type: "card" },
  });
}

function judge(input) {
  if (input.value && input !== document.activeElement) show(input, faultIn(input));
}

for (const input of fields.keys()) {
  input.addEventListener("input", ({ inputType }) => {
    if (digits.has(input)) reformat(input, inputType);
    if (!faultIn(input)) show(input, null);
    change();
  });
  input.addEventListener("blur", () => setTimeout(judge, isTabbing ? 0 : CLICK_MS, input));
}

function askForPostal() {
  const rule = postalRule(country.value);
  document.querySelector("#postal-field").hidden = !isPostalAsked();
  document.querySelector("label[for=postal]").textContent = rule?.label ?? "Postal code";
  postal.inputMode = country.value === "US" ? "numeric" : "text";
  show(postal, null);
}

country.addEventListener("change", () => {
  askForPostal();
  change();
});

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("keydown", ({ key }) => {
  isTabbing = key === "Tab";
  if (key === "Escape") tell("escape");
});
form.addEventListener("focusin", ({ relatedTarget }) => relatedTarget ?? tell("focus"));
form.addEventListener("focusout", ({ relatedTarget }) => relatedTarget ?? tell("blur"));

form.addEventListener("click", ({ target }) => {
  const chosen = target.closest("[data-number]");
  if (!chosen) return;
  const inTwoYears = String(new Date().getFullYear() + 2).slice(2);
  number.value = formatNumber(chosen.dataset.number);
  expiry.value = `12 / ${inTwoYears}`;
  cvc.value = "1234".slice(0, brandOf(number.value).cvc);
  if (faultIn(postal)) postal.value = postalRule(country.value).sample;
  fields.forEach((_, input) => show(input, null));
  change();
});

function submit() {
  const faulty = [...fields.keys()].filter((input) => {
    const fault = faultIn(input);
    show(input, fault);
    return fault;
  });
  faulty[0]?.focus();
  return faulty.length ? { error: faultIn(faulty[0]) } : { selectedPaymentMethod: "card" };
}

function paymentMethodData(more = {}) {
  const { month, year } = expiryOf(expiry.value);
  return {
    ...more,
    billing_details: { ...more.billing_details, address: { ...billingAddress(), ...more.billing_details?.address } },
    type: "card",
    card: { number: digitsOf(number.value), exp_month: month, exp_year: year, cvc: cvc.value },
  };
}

function billingAddress() {
  return {
    ...(asked.country && { country: country.value }),
    ...(isPostalAsked() && { postal_code: postal.value.trim() }),
  };
}

/* Runs ask(card) when the card holds together; the number goes into the request and not into the answer. */
async function withCard({ payment_method_data: more, ...params }, ask) {
  const { error } = submit();
  return error ? { error } : ask({ ...params, payment_method_data: paymentMethodData(more) });
}

function enable(isReadOnly) {
  for (const input of fields.keys()) input.readOnly = isReadOnly;
  country.disabled = isReadOnly;
}

function clear() {
  for (const input of fields.keys()) {
    input.value = "";
    show(input, null);
  }
  change();
}

function prepareBilling({ billing = {} }) {
  Object.assign(asked, billing.asked);
  country.value = guessedCountry(country, billing.address?.country);
  postal.value = billing.address?.postal_code ?? "";
  document.querySelector("#country-field").hidden = !asked.country;
  askForPostal();
}

const measure = tellHeight(document.querySelector("#frame"));

listen({
  greet(settings) {
    wear(settings);
    enable(settings.readOnly);
    prepareBilling(settings);
    measure();
  },
  answers: {
    submit,
    confirmationToken: (params) => withCard(params, (card) => call("POST", "confirmation_tokens", card)),
    confirm: ({ intent, params }) => withCard(params, (card) => confirm(intent, card)),
    appearance: wear,
    readOnly: enable,
    focus: () => number.focus(),
    blur: () => document.activeElement?.blur(),
    clear,
  },
});
