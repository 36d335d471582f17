import { declareServerRate } from "./declaration.ts";

/** The strategy's own rate in every round. */
export const constant = declareServerRate({
  name: "constant",
  title: "Constant rate",
  publication: null,
  about: "The strategy's own rate in every round.",
  settings: {},
  factor: () => 1,
  methods: {},
});
