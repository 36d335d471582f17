import { expect, test } from "vitest";
import { answerShown, maxShownCharacters } from "./shownAnswers.ts";

test("a text that is longer than a report shows is cut between characters, with a mark at its end", async () => {
  const long = "🙂".repeat(maxShownCharacters + 1);
  const answer = async () => long.slice(0, 2 * maxShownCharacters);
  const [shown] = await answerShown({ answer }, {}, [{ kind: "reply", text: long, answer: "thanks" }], { maxNewTokens: 3 });
  expect([...(shown?.prompt ?? "")]).toHaveLength(maxShownCharacters);
  expect(shown?.prompt.endsWith("🙂…")).toBe(true);
  expect(shown).toMatchObject({ reference: "thanks", answer: "🙂".repeat(maxShownCharacters) });
});

test("a text that is to be continued has no reference to show", async () => {
  const reader = { answer: async () => "" };
  await expect(answerShown(reader, {}, [{ kind: "continuation", text: "once" }], { maxNewTokens: 3 })).rejects.toThrow("reply tasks only");
});
