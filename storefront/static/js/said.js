// After a swap: the news is said once (#said), and focus goes to what needs an act.
import { say } from "./busy.js";

function spoken(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("[aria-hidden]").forEach((one) => one.remove());
  return copy.textContent.replace(/\s+/g, " ").trim();
}

const within = (root, selector) => (root.matches(selector) ? root : root.querySelector(selector));

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.nodeType !== Node.ELEMENT_NODE || !target.isConnected) return;
  const news = within(target, "[data-say], [data-said]");
  if (news) {
    const words = news.dataset.say ?? spoken(news);
    // Polling draws the same state again and again: said once is enough.
    if (words !== document.getElementById("said")?.textContent) say(words);
  }
  within(target, "[data-focus], [aria-invalid='true']")?.focus();
});

// The same after a whole page: who sent a form that has to be mended starts at its first fault.
document.querySelector("[aria-invalid='true']")?.focus();
