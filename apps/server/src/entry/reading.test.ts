import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { createGuesses, createReading } from "./reading.ts";

const word = "blue heron";

/** A reader of the word who counts in uptime that the test moves. */
function reading(trustProxy = 0) {
  const clock = { ms: 0 };
  const judge = createReading({
    lets: (token) => token === word,
    controlToken: "operator",
    guesses: createGuesses(() => clock.ms),
    trustProxy,
  });
  const ask = (token: string, remoteAddress: string, forwardedFor?: string) =>
    judge({
      headers: { authorization: `Bearer ${token}`, ...(forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor }) },
      socket: { remoteAddress } as IncomingMessage["socket"],
    });
  const guess = (count: number, from: (at: number) => readonly [string, string?]) =>
    Array.from({ length: count }, (_, at) => ask(`guess ${at}`, ...from(at)));
  return { clock, ask, guess };
}

test("P-186 who has guessed 20 times waits 5 s for each other try, also with the right word", () => {
  const { clock, ask, guess } = reading();
  expect(new Set(guess(20, () => ["192.168.1.7"]))).toEqual(new Set(["no"]));
  expect([ask(word, "192.168.1.7"), ask("guess", "192.168.1.7"), ask(word, "192.168.1.8")]).toEqual(["later", "later", "yes"]);
  clock.ms = 4999;
  expect(ask(word, "192.168.1.7")).toBe("later");
  clock.ms = 5000;
  expect([ask(word, "192.168.1.7"), ask("guess", "192.168.1.7"), ask(word, "192.168.1.7")]).toEqual(["yes", "no", "later"]);
});

test("P-186 a customer's network of IPv6 is one guesser, whatever its address", () => {
  const { ask, guess } = reading();
  guess(20, (at) => [`2001:db8:7:1::${at.toString(16)}`]);
  expect([ask(word, "2001:db8:7:1:ffff::1"), ask(word, "2001:db8:7:2::1")]).toEqual(["later", "yes"]);
});

test("P-186 behind a trusted proxy each visitor has tries, and nobody gets more by claiming other addresses", () => {
  const { ask, guess } = reading(1);
  guess(20, (at) => ["127.0.0.1", `203.0.113.${at}, 198.51.100.9`]);
  expect([ask(word, "127.0.0.1", "198.51.100.9"), ask(word, "127.0.0.1", "198.51.100.10")]).toEqual(["later", "yes"]);
});

test("P-186 the operator's token opens, however often somebody has guessed from there", () => {
  const { ask, guess } = reading();
  guess(25, () => ["10.0.0.1"]);
  expect(ask("operator", "10.0.0.1")).toBe("yes");
});

test("P-186 behind a proxy that nobody has named, whose visitors count as one, the answer says so", () => {
  const { ask, guess } = reading();
  guess(20, (at) => ["127.0.0.1", `203.0.113.${at}`]);
  expect([ask(word, "127.0.0.1", "198.51.100.9"), ask(word, "127.0.0.1")]).toEqual(["laterBehindProxy", "later"]);
});
