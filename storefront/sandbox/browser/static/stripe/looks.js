/* What a frame is told of the page it stands in. */

/* Browsers read colours in every notation; nothing is known of one that shines through. */
function isDark(colour) {
  const paint = new OffscreenCanvas(1, 1).getContext("2d");
  paint.fillStyle = colour;
  paint.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = paint.getImageData(0, 0, 1, 1).data;
  return alpha < 128 ? null : red * 0.299 + green * 0.587 + blue * 0.114 < 128;
}

function schemeOf({ theme, variables = {} }, node) {
  const dark = variables.colorBackground ? isDark(variables.colorBackground) : null;
  if (dark !== null) return dark ? "dark" : "light";
  return theme === "night" ? "dark" : inheritedScheme(node);
}

function inheritedScheme(node) {
  const scheme = getComputedStyle(node).colorScheme;
  return scheme === "normal" ? "light" : scheme;
}
