// After a swap: the news is said once (#said), and focus goes to what needs an act.
import { say } from "./busy.js";

function spoken(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("[aria-hidden]").forEach((one) => one.remove());
  return copy.textContent.replace(/\s+/g, " ").trim();
}

const within = (root, selector) => (root.matches(selector) ? root : root.querySelector(selector));

let heldFocus = false; // what is swapped away held it, and would leave it at the page's beginning

document.addEventListener("htmx:beforeSwap", ({ detail }) => { heldFocus = detail.target.contains(document.activeElement); });

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.nodeType !== Node.ELEMENT_NODE || !target.isConnected) return;
  const news = within(target, "[data-say], [data-said]");
  if (news) {
    const words = news.dataset.say ?? spoken(news);
    // Polling draws the same state again and again: said once is enough.
    if (words !== document.getElementById("said")?.textContent) say(words);
  }
  const wanted = within(target, "[data-focus], [aria-invalid='true']");
  const isLost = heldFocus && document.activeElement === document.body;
  (wanted ?? (isLost ? within(target, "[tabindex='-1']:not([aria-hidden])") : null))?.focus();
});

// The same after a whole page: who sent a form that has to be mended starts at its first fault, and who has to answer a bank, or choose
// another card, at what is said about it.
(document.querySelector("[aria-invalid='true']") ?? document.querySelector("[data-focus]"))?.focus();
const first = document.querySelector("[data-said][data-focus]");
if (first) say(spoken(first));
