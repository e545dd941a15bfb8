// Forms with data-pays: busy while they pay, and honest words when the connection breaks.
import { begin, end, noAnswer } from "./busy.js";

const paying = (event) => event.detail.elt.matches?.("form[data-pays]") && event.detail.elt;

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = paying(event);
  if (form) begin(form, event.detail.requestConfig.triggeringEvent?.submitter);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = paying(event);
  // On the way to another page it stays busy: a second press would be for nothing.
  if (form && !event.detail.xhr.getResponseHeader("HX-Redirect")) end(form);
});

for (const trouble of ["htmx:sendError", "htmx:timeout", "htmx:responseError", "htmx:sendAbort"]) {
  document.addEventListener(trouble, (event) => {
    const form = paying(event);
    if (form) noAnswer(form);
  });
}

// Back from the bank or from another page, a page kept by the browser must not still look busy.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-pays]").forEach(end);
});
