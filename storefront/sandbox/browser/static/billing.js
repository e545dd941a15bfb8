/* Where the card's owner lives: a country, and a postal code where card issuers check one. */

const ASKED = new Map([
  ["US", { label: "ZIP code", shape: /^\d{5}(?:-?\d{4})?$/, length: 5, sample: "94103" }],
  ["GB", { label: "Postal code", shape: /^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$/i, length: 5, sample: "SW1A 1AA" }],
  ["CA", { label: "Postal code", shape: /^[A-Z]\d[A-Z][ -]?\d[A-Z]\d$/i, length: 6, sample: "K1A 0B1" }],
]);

export const postalRule = (country) => ASKED.get(country);

export function faultOfPostal(text, country) {
  const rule = ASKED.get(country);
  const typed = text.trim();
  if (!rule || rule.shape.test(typed)) return null;
  const isIncomplete = typed.replace(/[\s-]/g, "").length < rule.length;
  const noun = country === "US" ? "ZIP code" : "postal code";
  return {
    type: "validation_error",
    code: isIncomplete ? "incomplete_zip" : "invalid_zip",
    message: `Your ${noun} is ${isIncomplete ? "incomplete" : "invalid"}.`,
  };
}

/* Stripe guesses by the customer's address on the internet; here the browser's language has to do. */
export function guessedCountry(select, wanted) {
  const regions = [wanted, ...navigator.languages.map((language) => new Intl.Locale(language).maximize().region), "US"];
  return regions.find((code) => code && [...select.options].some(({ value }) => value === code));
}
