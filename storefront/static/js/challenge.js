// 3-D Secure in place: fetch the secret (POST, only for those who may pay), let Stripe ask, then let the shop ask Stripe.
// The browser's word is never taken for the result: the same address, asked by htmx, answers the panel as the shop knows it.
import { stripe } from "./stripe.js";

const opened = new Set(); // opened by itself once an attempt: who closed the bank's window is not thrown into it again

async function secret(url) {
  const answer = await fetch(url, { method: "POST", headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`No question: ${answer.status}`);
  return (await answer.json()).client_secret;
}

function result(box) {
  if (box.isConnected) window.htmx.ajax("POST", box.dataset.url, { source: box, target: "#one-click", swap: "outerHTML" });
}

async function open(box) {
  const button = box.querySelector("[data-challenge-open]");
  button.hidden = true;
  try {
    const clientSecret = await secret(box.dataset.url);
    await (await stripe()).handleNextAction({ clientSecret });
    result(box);
  } catch {
    box.querySelector("[data-challenge-words]").textContent = "Your bank’s question did not open. Nothing is charged before you answer it.";
    button.hidden = false;
  }
}

function start(root) {
  const box = root.querySelector("[data-challenge]");
  const button = box?.querySelector("[data-challenge-open]");
  if (!button || button.dataset.bound) return;
  button.dataset.bound = "yes";
  button.addEventListener("click", () => open(box));
  if (opened.has(box.dataset.key)) {
    button.hidden = false;
    box.querySelector("[data-challenge-words]").textContent = "Your bank is still waiting for your answer.";
  } else {
    opened.add(box.dataset.key);
    open(box);
  }
}

document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? document));
start(document);
