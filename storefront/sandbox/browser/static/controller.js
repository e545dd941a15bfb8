/* The hidden frame: asks the API where no card needs to be typed. */
import { confirm, listen, retrieve } from "./frame.js";

listen({
  answers: {
    retrieve,
    confirm: ({ intent, params }) => confirm(intent, params),
  },
});
