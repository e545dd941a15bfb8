// A form that pays is busy from the press until the answer. Its button keeps focus, so it is never `disabled`.

export function begin(form, submitter) {
  const button = submitter?.matches(".pay") ? submitter : null;
  form.setAttribute("aria-busy", "true");
  form.querySelectorAll("button").forEach((one) => one.setAttribute("aria-disabled", "true"));
  (button ?? form.querySelector(".pay"))?.classList.add("pay--busy");
  broken(form).forEach((words) => { words.hidden = true; });
}

export function end(form) {
  form.removeAttribute("aria-busy");
  form.querySelectorAll("button").forEach((one) => one.removeAttribute("aria-disabled"));
  form.querySelectorAll(".pay--busy").forEach((one) => one.classList.remove("pay--busy"));
}

export function noAnswer(form) {
  end(form);
  broken(form).forEach((words) => { words.hidden = false; say(words.textContent); });
}

export function say(words) {
  const said = document.getElementById("said");
  if (said) said.textContent = words;
}

const broken = (form) => form.querySelectorAll("[data-broken]");
