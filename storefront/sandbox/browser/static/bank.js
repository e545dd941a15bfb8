/* The bank's page inside a frame: says when the customer has answered, and how high it is. It works without this too. */
import { listen, tell, tellHeight } from "./frame.js";

const page = document.querySelector("#bank");
const measure = tellHeight(page);

// What is typed in here does not reach the page around, which would close its dialog.
addEventListener("keydown", (event) => { if (event.key === "Escape") tell("closed", {}); });

listen({
  greet({ scheme }) {
    document.documentElement.style.colorScheme = scheme;
    measure();
    const { outcome } = page.dataset;
    if (outcome) tell("answered", { outcome });
  },
});
