// Stripe's frame in the shop's own look. Tokens are light-dark() and oklch(); Stripe takes plain rgb, so the browser works them out.

export function appearance() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (token) => {
    probe.style.color = `var(${token})`;
    return rgb(getComputedStyle(probe).color);
  };
  const round = getComputedStyle(document.querySelector(".button, .pay") ?? probe).borderRadius;
  const look = {
    theme: "stripe",
    labels: "above",
    variables: {
      colorPrimary: colour("--ink"),
      colorBackground: colour("--sheet"),
      colorText: colour("--ink"),
      colorTextSecondary: colour("--ink-quiet"),
      colorTextPlaceholder: colour("--ink-quiet"),
      colorDanger: colour("--bad"),
      fontFamily: "Hanken Grotesk, system-ui, sans-serif",
      fontSizeBase: "16px",
      fontWeightMedium: "540",
      borderRadius: round || "9px",
      spacingGridRow: "16px",
      spacingGridColumn: "12px",
    },
    rules: {
      ".Input": { border: `1px solid ${colour("--edge")}`, boxShadow: "none", padding: "12px" },
      ".Input:focus": { border: `1px solid ${colour("--focus")}`, boxShadow: `0 0 0 2px ${colour("--focus")}` },
      ".Input--invalid": { border: `1px solid ${colour("--bad")}`, boxShadow: `inset 0 0 0 1px ${colour("--bad")}` },
      ".Label": { color: colour("--ink"), fontSize: "16px", fontWeight: "540" },
    },
  };
  probe.remove();
  return look;
}

export function fonts() {
  const face = document.querySelector("link[rel='preload'][as='font']");
  return face ? [{ family: "Hanken Grotesk", src: `url(${face.href})`, weight: "400 700" }] : [];
}

function rgb(colour) {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}
