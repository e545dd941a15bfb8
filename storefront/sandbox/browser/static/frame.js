/* The frame's side: one port, given by the page that embeds us, and the API, asked from the sandbox's own origin. */

const BASE = location.pathname.replace(/\/(?:frames|3ds)\/.*$/, "");
const VERSION = "2026-10-28.endive";

let port = null;
let key = "";

/** Wait for the page that embeds us; greet(settings) runs first, then its questions go to answers[verb]. */
export function listen({ greet = () => {}, answers = {} }) {
  addEventListener("message", ({ source, data, ports }) => {
    if (source !== window.parent || source === window || data?.sandbox !== "hello") return;
    [port] = ports;
    key = data.settings.key;
    port.onmessage = (event) => answer(answers, event.data);
    greet(data.settings);
    tell("ready");
  });
}

async function answer(answers, { id, verb, params }) {
  const result = await answers[verb]?.(params);
  if (id) port.postMessage({ id, result });
}

export function tell(event, payload = {}) {
  port?.postMessage({ event, ...payload });
}

/** Keep the embedding page's frame as high as what stands in it. */
export function tellHeight(node) {
  const measure = () => {
    const height = Math.ceil(node.getBoundingClientRect().height);
    // In a closed fold or dialog there is no height; a frame of none would not be drawn, nor measured, ever again.
    if (height) tell("resize", { height });
  };
  new ResizeObserver(measure).observe(node);
  return measure;
}

/** Ask the API as Stripe.js does: publishable key, form-encoded. Answers {object} or {error}. */
export async function call(method, path, params = {}) {
  const body = new URLSearchParams(pairsOf(params));
  const isGet = method === "GET";
  try {
    const response = await fetch(`${BASE}/v1/${path}${isGet ? `?${body}` : ""}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Stripe-Version": VERSION },
      body: isGet ? undefined : body,
      credentials: "omit",
    });
    const object = await response.json();
    return response.ok ? { object } : { error: object.error };
  } catch {
    return { error: { type: "api_connection_error", message: "We could not reach Stripe. Please check your connection and try again." } };
  }
}

function pairsOf(value, name = "") {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object") return [[name, String(value)]];
  return Object.entries(value).flatMap(([part, inner]) => pairsOf(inner, name ? `${name}[${part}]` : part));
}

export const retrieve = ({ path, id, clientSecret }) =>
  call("GET", `${path}/${id}`, { client_secret: clientSecret });

export const confirm = ({ path, id, clientSecret }, params) =>
  call("POST", `${path}/${id}/confirm`, { client_secret: clientSecret, use_stripe_sdk: true, ...params });
