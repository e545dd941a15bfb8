/* What a card number, an expiry and a security code must be. Codes and words are those of Stripe.js. */

const BRANDS = [
  { name: "American Express", starts: /^3[47]/, lengths: [15], groups: [4, 6, 5], cvc: 4 },
  { name: "Diners Club", starts: /^3(?:0[0-5]|[689])/, lengths: [14, 16], groups: [4, 6, 4, 2], cvc: 3 },
  { name: "JCB", starts: /^35/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
  { name: "Visa", starts: /^4/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
  { name: "Mastercard", starts: /^(?:5[1-5]|2[2-7])/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
  { name: "Discover", starts: /^(?:6011|64[4-9]|65)/, lengths: [16], groups: [4, 4, 4, 4], cvc: 3 },
  { name: "UnionPay", starts: /^62/, lengths: [16, 17, 18, 19], groups: [4, 4, 4, 4, 3], cvc: 3 },
];
const UNKNOWN = { name: "", lengths: [16], groups: [4, 4, 4, 4], cvc: 3 };

export const digitsOf = (text) => text.replace(/\D/g, "");
export const brandOf = (number) => BRANDS.find(({ starts }) => starts.test(digitsOf(number))) ?? UNKNOWN;

export function formatNumber(text) {
  const { groups, lengths } = brandOf(text);
  let rest = digitsOf(text).slice(0, Math.max(...lengths));
  const parts = [];
  for (const size of groups) {
    if (!rest) break;
    parts.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return parts.join(" ");
}

/** "1", "12", "12 / 30"; takes "5" for "05", and what a browser fills in ("12/2030"). */
export function formatExpiry(text) {
  const filled = /^\s*(\d{1,2})\s*[/-]\s*(?:20)(\d{2})\s*$/.exec(text);
  if (filled) return `${filled[1].padStart(2, "0")} / ${filled[2]}`;
  const short = /^\s*([1-9])\s*\//.test(text);
  const digits = digitsOf(text);
  const padded = (short || /^[2-9]/.test(digits) ? `0${digits}` : digits).slice(0, 4);
  return padded.length > 2 ? `${padded.slice(0, 2)} / ${padded.slice(2)}` : padded;
}

export const formatCvc = (text, number) => digitsOf(text).slice(0, number ? brandOf(number).cvc : 4);

const fault = (code, message) => ({ type: "validation_error", code, message });

export function faultOfNumber(text) {
  const digits = digitsOf(text);
  const { lengths } = brandOf(text);
  if (digits.length < Math.min(...lengths)) return fault("incomplete_number", "Your card number is incomplete.");
  if (!lengths.includes(digits.length) || !passesLuhn(digits)) return fault("invalid_number", "Your card number is invalid.");
  return null;
}

function passesLuhn(digits) {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

export function faultOfExpiry(text, today = new Date()) {
  const digits = digitsOf(text);
  const { month, year } = expiryOf(text);
  if (digits.length >= 2 && (month < 1 || month > 12)) return fault("invalid_expiry_month", "Your card’s expiration month is invalid.");
  if (digits.length < 4) return fault("incomplete_expiry", "Your card’s expiration date is incomplete.");
  const thisYear = today.getFullYear();
  if (year < thisYear) return fault("invalid_expiry_year_past", "Your card’s expiration year is in the past.");
  if (year > thisYear + 50) return fault("invalid_expiry_year", "Your card’s expiration year is invalid.");
  if (year === thisYear && month < today.getMonth() + 1) return fault("invalid_expiry_month_past", "Your card’s expiration date is in the past.");
  return null;
}

export function expiryOf(text) {
  const digits = digitsOf(text);
  return { month: Number(digits.slice(0, 2)), year: 2000 + Number(digits.slice(2, 4)) };
}

export const faultOfCvc = (text, number) =>
  digitsOf(text).length < brandOf(number).cvc ? fault("incomplete_cvc", "Your card’s security code is incomplete.") : null;
