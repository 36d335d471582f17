import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import { SentAndKept } from "./landing.tsx";

const shown = (keepsStates: boolean) => renderToString(h(SentAndKept, { keepsStates })).split("What stays here");

test("where the coordinator keeps devices' states the page says so, and promises their prompts only where it does not", () => {
  const [sent, stays] = shown(true);
  expect(sent).toContain("keeps a copy of the other layers");
  expect(stays).not.toContain("parameters");
  const [sentElsewhere, staysElsewhere] = shown(false);
  expect(sentElsewhere).not.toContain("keeps a copy");
  expect(staysElsewhere).toContain("the parameters of all other layers");
});
