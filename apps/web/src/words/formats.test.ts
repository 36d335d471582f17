import { expect, test } from "vitest";
import { german } from "./de.ts";
import { formats as english } from "./en.ts";
import { finnish } from "./fi.ts";
import { countsIn, type Formats, formsIn } from "./formats.ts";
import { french } from "./fr.ts";

/** With plain spaces, so that the numbers can be read here. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ").replaceAll("\u2212", "-");
const all = (written: (formats: Formats) => string) => [english, german.formats, french.formats, finnish.formats].map(written).map(plain);

test("each language writes numbers, shares and sizes with its own signs and the same digits", () => {
  expect(all(({ whole }) => whole(1_234_567))).toEqual(["1,234,567", "1.234.567", "1 234 567", "1 234 567"]);
  expect(all(({ share }) => share(0.3))).toEqual(["30 %", "30 %", "30 %", "30 %"]);
  expect(all(({ percent }) => percent(0.6149))).toEqual(["61.5 %", "61,5 %", "61,5 %", "61,5 %"]);
  expect(all(({ score }) => score(0.6449))).toEqual(["0.645", "0,645", "0,645", "0,645"]);
  expect(all(({ score }) => score(null))).toEqual(["–", "–", "–", "–"]);
  expect(all(({ digits }) => digits(0.5004, 3))).toEqual(["0.500", "0,500", "0,500", "0,500"]);
  expect(all(({ fixed }) => fixed(1234.56, 1))).toEqual(["1234.6", "1234,6", "1234,6", "1234,6"]);
  expect(all(({ number }) => number(96.4865788))).toEqual(["96.49", "96,49", "96,49", "96,49"]);
  expect(all(({ number }) => number(-0.00014))).toEqual(["-1.40e-4", "-1,40e-4", "-1,40e-4", "-1,40e-4"]);
  expect(all(({ bytes }) => bytes(2_460_000))).toEqual(["2.46 MB", "2,46 MB", "2,46 Mo", "2,46 Mt"]);
  expect(all(({ bytes }) => bytes(1))).toEqual(["1 byte", "1 Byte", "1 octet", "1 tavu"]);
  expect(all(({ bytes }) => bytes(750))).toEqual(["750 bytes", "750 Byte", "750 octets", "750 tavua"]);
  expect(all(({ bytes }) => bytes(1_234_000e9))).toEqual(["1,234 TB", "1.234 TB", "1 234 To", "1 234 Tt"]);
});

test("where English rounds to the next unit, every language does", () => {
  for (const numBytes of [0, 999, 999.4, 999_499, 999_500, 999_600_000, 7e12]) {
    const digitsOf = (text: string) => text.replace(/\D/g, "");
    const [first = "", ...others] = all(({ bytes }) => bytes(numBytes));
    expect(others.map(digitsOf)).toEqual([first, first, first].map(digitsOf));
  }
  const times = [-3, 0.36, 7.26, 9.96, 59.6, 185, 3599.6, 3725, 7199, 90_061];
  for (const seconds of times) {
    const [first = "", ...others] = all((formats) => formats.seconds(seconds));
    expect(others).toEqual([first, first, first].map((text) => text.replace(".", ",")));
  }
});

test("days, times and lists are written as each language does", () => {
  const ms = new Date(2026, 10, 30, 19, 5).getTime();
  expect(all(({ dateTime }) => dateTime(ms))).toEqual([
    "30 Nov 2026, 19:05",
    "30.11.2026, 19:05",
    "30 nov. 2026, 19:05",
    expect.stringMatching(/^30\.11\.2026 klo 19\.05$/),
  ]);
  expect(all(({ time }) => time(ms))).toEqual(["19:05", "19:05", "19:05", "19.05"]);
  expect(all(({ timeWithSeconds }) => timeWithSeconds(ms + 7000))).toEqual(["19:05:07", "19:05:07", "19:05:07", "19.05.07"]);
  expect(all(({ list }) => list(["a", "b", "c"]))).toEqual(["a, b and c", "a, b und c", "a, b et c", "a, b ja c"]);
});

test("nouns follow their number: French counts 0 like 1, Finnish takes the partitive for all but 1", () => {
  const counted = (language: string, one: string, other: string) =>
    [0, 1, 2, 1440].map((count) => plain(countsIn(language)(count, { one, other })));
  expect(counted("de", "Gerät", "Geräte")).toEqual(["0 Geräte", "1 Gerät", "2 Geräte", "1.440 Geräte"]);
  expect(counted("fr", "appareil", "appareils")).toEqual(["0 appareil", "1 appareil", "2 appareils", "1 440 appareils"]);
  expect(counted("fi", "laite", "laitetta")).toEqual(["0 laitetta", "1 laite", "2 laitetta", "1 440 laitetta"]);
  expect([1, 2].map((count) => formsIn("de")(count, { one: "fehlt", other: "fehlen" }))).toEqual(["fehlt", "fehlen"]);
});
