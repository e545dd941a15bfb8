/* The bank's question, in a dialog over the whole page, as the real Stripe.js shows it: with a way to close it, which refuses. */

function challenge(intent) {
  return new Promise((resolve) => {
    const settings = { scheme: inheritedScheme(document.documentElement) };
    const frame = new Frame(`/3ds/${intent.id}?frame=1`, CHALLENGE_TITLE, settings, (told) => {
      if (told.event === "resize") frame.node.style.height = `min(${told.height}px, 100dvh - 6rem)`;
      if (told.event === "closed") close();
      // A bank that cannot be reached must not hold the page: the intent then tells how it stands.
      if (["answered", "loaderror"].includes(told.event)) end();
    });
    Object.assign(frame.node.style, { width: "100%", height: "24rem", colorScheme: settings.scheme });
    const takeDown = showInDialog(frame, () => close());
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      takeDown();
      resolve();
    };
    const close = () => {
      if (over) return;
      // Whoever closes it has not confirmed: the bank is told so, as Stripe tells it.
      fetch(`${BASE}/3ds/${intent.id}`, { method: "POST", mode: "no-cors", body: new URLSearchParams({ answer: "refuse" }) })
        .catch(() => {}).finally(end);
    };
  });
}

function showInDialog(frame, close) {
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [dialogStyle()];
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", CHALLENGE_TITLE);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Close";
  button.addEventListener("click", close);
  dialog.append(button, frame.node);
  root.append(dialog);
  document.body.append(host);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  // Browsers close a dialog on the second Esc whatever "cancel" says.
  dialog.addEventListener("close", close);
  dialog.showModal();
  frame.node.focus();
  return () => {
    dialog.removeEventListener("close", close);
    dialog.close();
    frame.remove();
    host.remove();
  };
}

function dialogStyle() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    dialog { box-sizing: border-box; width: min(27rem, 100vw - 2rem); max-width: none; max-height: calc(100dvh - 2rem); padding: 0;
             border: 0; border-radius: 14px; overflow: hidden; background: Canvas; box-shadow: 0 24px 64px rgb(0 0 0 / .3); }
    dialog::backdrop { background: rgb(0 0 0 / .55); }
    button { display: block; margin: 8px 8px 0 auto; padding: 8px 14px; border: 1px solid GrayText; border-radius: 8px;
             background: Canvas; color: CanvasText; font: 15px system-ui, sans-serif; cursor: pointer; }
    button:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }`);
  return sheet;
}
