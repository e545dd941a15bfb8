/* Elements' appearance, as far as a card form needs it. Set through the CSSOM: the page allows no inline style. */

const VARIABLES = {
  colorBackground: "--background",
  colorText: "--text",
  colorTextSecondary: "--quiet",
  colorTextPlaceholder: "--placeholder",
  colorDanger: "--danger",
  colorPrimary: "--primary",
  fontFamily: "--face",
  fontSizeBase: "--size",
  fontWeightNormal: "--weight",
  borderRadius: "--round",
  spacingUnit: "--unit",
};

const SELECTORS = {
  ".Input": ".input",
  ".Input:hover": ".input:hover",
  ".Input:focus": ".input:focus",
  ".Input--invalid": ".input[aria-invalid]",
  ".Input::placeholder": ".input::placeholder",
  ".Label": ".label",
  ".Error": ".fault",
};

const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [sheet];

export function wear({ appearance = {}, scheme = "", fonts = [] }) {
  const { style } = document.documentElement;
  style.colorScheme = scheme;
  for (const [name, property] of Object.entries(VARIABLES)) {
    style.setProperty(property, appearance.variables?.[name] ?? "");
  }
  wearRules(appearance.rules ?? {});
  fonts.forEach(load);
}

function wearRules(rules) {
  sheet.replaceSync("");
  for (const [selector, declarations] of Object.entries(rules)) {
    if (!SELECTORS[selector]) continue;
    const rule = sheet.cssRules[sheet.insertRule(`${SELECTORS[selector]} {}`, sheet.cssRules.length)];
    Object.assign(rule.style, declarations);
  }
}

async function load({ family, src, ...descriptors }) {
  if (!family || !src) return;
  const known = [...document.fonts].some((font) => font.family === family);
  if (known) return;
  const font = new FontFace(family, src, descriptors);
  document.fonts.add(font);
  await font.load().catch(() => document.fonts.delete(font));
}
