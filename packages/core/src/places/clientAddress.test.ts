import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { clientAddress, quotaAddress } from "./clientAddress.ts";

const seen = (remote: string, forwardedFor: string | null = null) => ({ remote, forwardedFor });

test("without trusted proxies the address is the connection's, whatever the header claims", () => {
  expect(clientAddress(seen("203.0.113.7", "198.51.100.1"), 0)).toBe("203.0.113.7");
});

test("behind trusted proxies it is the entry that the farthest of them wrote; what a client put before is not looked at", () => {
  const header = "6.6.6.6, 198.51.100.9, 10.0.0.2";
  expect(clientAddress(seen("10.0.0.3", header), 1)).toBe("10.0.0.2");
  expect(clientAddress(seen("10.0.0.3", header), 2)).toBe("198.51.100.9");
});

test("a header with fewer entries than proxies gives the farthest that was told, and none the connection's own", () => {
  expect(clientAddress(seen("10.0.0.3", "198.51.100.9"), 3)).toBe("198.51.100.9");
  expect(clientAddress(seen("10.0.0.3"), 2)).toBe("10.0.0.3");
});

test("an entry that is no address ends the chain: the proxy that wrote it is counted", () => {
  expect(clientAddress(seen("10.0.0.3", "unknown, 198.51.100.9"), 2)).toBe("198.51.100.9");
  expect(clientAddress(seen("10.0.0.3", "300.1.2.3"), 1)).toBe("10.0.0.3");
});

test("ports, brackets, zones and IPv4 in IPv6 make no second address of one", () => {
  expect(clientAddress(seen("::ffff:203.0.113.7"), 0)).toBe("203.0.113.7");
  expect(clientAddress(seen("10.0.0.3", "203.0.113.7:4711"), 1)).toBe("203.0.113.7");
  expect(clientAddress(seen("10.0.0.3", "[2001:DB8::5]:4711"), 1)).toBe("2001:db8::5");
  expect(clientAddress(seen("fe80::1%eth0"), 0)).toBe("fe80::1");
});

test("private networks and this machine are not counted; their neighbours in number are", () => {
  const uncounted = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.9.9", "192.168.4.4", "169.254.0.9", "::1", "fd12::1", "fe80::1"];
  expect(uncounted.map(quotaAddress)).toEqual(uncounted.map(() => null));
  const counted = ["11.1.2.3", "172.15.0.1", "172.32.0.1", "192.169.4.4", "169.253.0.9", "100.64.0.1"];
  expect(counted.map(quotaAddress)).toEqual(counted);
});

test("all addresses of an IPv6 network of /64 are one, in any spelling; the next network is another", () => {
  const spellings = ["2001:db8:0:7::1", "2001:db8:0:7:ffff::2", "2001:0DB8::7:1:2:3:4"];
  expect(spellings.map(quotaAddress)).toEqual(spellings.map(() => "2001:db8:0:7::/64"));
  expect(quotaAddress("2001:db8:0:8::1")).toBe("2001:db8:0:8::/64");
});

test("whatever a client claims, it is counted under the address that the trusted proxy saw", () => {
  const random = createRandom(7).stream({ purpose: "claims" });
  for (let i = 0; i < 500; i++) {
    const claims = Array.from({ length: random.integer(4) }, () =>
      String.fromCharCode(...Array.from({ length: 6 }, () => 32 + random.integer(90))),
    );
    const header = [...claims, "198.51.100.9"].join(",");
    expect(clientAddress(seen("10.0.0.3", header), 1), header).toBe("198.51.100.9");
  }
});
