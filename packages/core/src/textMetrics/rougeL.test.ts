import fc from "fast-check";
import { expect, test } from "vitest";
import { longestCommonSubsequence, rougeL, rougeTokens } from "./rougeL.ts";

test("the example of Lin 2004, §3.1: words in the same order count, gaps or not", () => {
  const reference = "police killed the gunman";
  expect(rougeL(reference, "police kill the gunman").f).toBe(3 / 4);
  expect(rougeL(reference, "the gunman kill police").f).toBe(2 / 4);
  expect(rougeL(reference, "the gunman police killed").f).toBe(2 / 4);
});

test("precision is the share of the generated words, recall the share of the reference's, F their harmonic mean, by hand", () => {
  // "the parcel … at noon": 4 of 9 words of the reference, 4 of 5 generated
  const score = rougeL("The parcel will be at your door by noon.", "the parcel at last: noon");
  expect(score).toEqual({ precision: 4 / 5, recall: 4 / 9, f: (2 * (4 / 5) * (4 / 9)) / (4 / 5 + 4 / 9) });
});

// precision, recall and F of js-rouge 3.2.3 and of the definitions of the package rouge-score 0.1.2, without stemming; texts of the data set replies
test.each([
  [
    "Thank you, we are glad that it went smoothly. We will tell the tracking team.",
    "Thank you, we are glad that you saved money. We hope to see the family again on Monday.",
    [0.444444444444, 0.533333333333, 0.484848484848],
  ],
  [
    "Lovely to hear that you enjoyed it. We will pass this on to the author of the thriller.",
    "Lovely to hear that you got a good deal. Enjoy the next free coffee.",
    [0.428571428571, 0.333333333333, 0.375],
  ],
  [
    "We are happy that we were on time. Enjoy the next film with us.",
    "Thank you, we are glad that it was quick. We will tell the express service team.",
    [0.3125, 0.357142857143, 0.333333333333],
  ],
  [
    "Great to hear that we looked after you. We will thank the doctor for you.",
    "Great to hear that you love it. Enjoy the eggs and the omelettes.",
    [0.461538461538, 0.4, 0.428571428571],
  ],
  ["testing one two", "testing two", [1, 2 / 3, 0.8]],
])("the numbers are those of known implementations: %s", (reference, generated, expected) => {
  const { precision, recall, f } = rougeL(reference, generated);
  [precision, recall, f].forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 11);
  });
});

test("case and punctuation count for nothing, digits and letters of every script do", () => {
  expect(rougeTokens("It's 5 o'clock — ÉTÉ, größe; 東京!")).toEqual(["it", "s", "5", "o", "clock", "été", "größe", "東京"]);
  expect(rougeTokens("cafe\u0301")).toEqual(rougeTokens("café"));
});

test("a text without words scores 0 beside any other and itself", () => {
  for (const [reference, generated] of [
    ["", ""],
    ["words", " — !"],
    ["?", "words"],
  ] as const) {
    expect(rougeL(reference, generated)).toEqual({ precision: 0, recall: 0, f: 0 });
  }
});

test("the longest common subsequence is the longest of all that are within both, and turning both changes its length not at all", () => {
  const sequence = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 7 });
  fc.assert(
    fc.property(sequence, sequence, (a, b) => {
      const length = longestCommonSubsequence(a, b);
      const longest = subsequences(a).reduce((most, one) => (isWithin(one, b) ? Math.max(most, one.length) : most), 0);
      expect(length).toBe(longest);
      expect(longestCommonSubsequence([...b].reverse(), [...a].reverse())).toBe(length);
    }),
    { numRuns: 60 },
  );
});

function subsequences(items: readonly string[]): string[][] {
  return items.reduce<string[][]>((all, item) => all.concat(all.map((one) => [...one, item])), [[]]);
}

function isWithin(items: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const item of all) if (item === items[at]) at += 1;
  return at === items.length;
}
