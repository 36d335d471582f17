import { expect, test } from "vitest";
import { browserOf, fingerprintLines, waysOn } from "./browserWarnings.ts";

const trust = { sha256: Array.from({ length: 32 }, (_, i) => (16 + i).toString(16).toUpperCase()).join(":"), port: 8443, plainPort: 8080 };
const at = { protocol: "http:", hostname: "192.168.1.20", search: "?lang=fi", hash: "#token=amber-lake-violin" };

test("a browser is shown the words that it will use itself", () => {
  const chrome = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36";
  const iphone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1";
  const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";
  const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  expect([chrome, `${chrome} Edg/141.0`, iphone, mac, firefox].map(browserOf)).toEqual(["chrome", "chrome", "safari", "safari", "firefox"]);
});

test("both ways on carry the code word, and lead to the same folder", () => {
  expect(waysOn(at, "http://192.168.1.20:8080/", trust)).toEqual({
    secure: "https://192.168.1.20:8443/?lang=fi#token=amber-lake-violin",
    plain: "http://192.168.1.20:8080/?lang=fi#token=amber-lake-violin",
    isPast: false,
  });
  const { plainPort: _, ...alone } = trust;
  expect(waysOn({ ...at, protocol: "https:" }, "https://192.168.1.20:8443/", alone)).toMatchObject({ plain: null, isPast: true });
});

test("a run without a self-made certificate leads straight to the join page", () => {
  expect(waysOn(at, "http://192.168.1.20:8080/tutti/", null)).toMatchObject({
    secure: "http://192.168.1.20:8080/tutti/?lang=fi#token=amber-lake-violin",
    plain: null,
  });
});

test("a fingerprint is shown in four lines of eight bytes", () => {
  const lines = fingerprintLines(trust.sha256);
  expect(lines).toHaveLength(4);
  expect(lines.join(":")).toBe(trust.sha256);
  expect(lines[1]).toBe("18:19:1A:1B:1C:1D:1E:1F");
});
