/* The bank's question: in place where the page has a place for it, else in a dialog. */

function challenge(intent) {
  return new Promise((resolve) => {
    const place = document.querySelector("[data-challenge-frame]");
    const settings = { scheme: inheritedScheme(place ?? document.documentElement) };
    const frame = new Frame(`/3ds/${intent.id}?frame=1`, CHALLENGE_TITLE, settings, (told) => {
      if (told.event === "resize") frame.node.style.height = `min(${told.height}px, 100dvh - 2rem)`;
      // A bank that cannot be reached must not hold the page: the intent then tells how it stands.
      if (!["answered", "loaderror"].includes(told.event)) return;
      takeDown();
      resolve();
    });
    Object.assign(frame.node.style, { width: "100%", height: "24rem", colorScheme: settings.scheme });
    const takeDown = place ? showInPlace(place, frame) : showInDialog(frame);
  });
}

function showInPlace(place, frame) {
  place.replaceChildren(frame.node);
  return () => frame.remove();
}

function showInDialog(frame) {
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [dialogStyle()];
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", CHALLENGE_TITLE);
  dialog.setAttribute("closedby", "none");
  dialog.append(frame.node);
  root.append(dialog);
  document.body.append(host);
  let answered = false;
  // Esc must not lose the question. Browsers close a dialog on the second Esc whatever "cancel" says.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => answered || !host.isConnected || dialog.showModal());
  dialog.showModal();
  frame.node.focus();
  return () => {
    answered = true;
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
    dialog::backdrop { background: rgb(0 0 0 / .55); }`);
  return sheet;
}
