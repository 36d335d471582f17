import { expect, test } from "vitest";
import { coordinatorFolder, socketAddress } from "./address.ts";

test("a coordinator's folder is found from any address of its page", () => {
  const folders: readonly (readonly [string, string])[] = [
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"],
    ["https://host.example/?auto=1&threads=2#top", "https://host.example/"],
    ["https://host.example/tutti", "https://host.example/tutti/"],
    ["https://host.example/tutti?auto=1", "https://host.example/tutti/"],
    ["https://host.example/tutti/", "https://host.example/tutti/"],
    ["https://host.example/a/b/index.html?tab=3", "https://host.example/a/b/"],
    ["http://[::1]:9000/a%20b", "http://[::1]:9000/a%20b/"],
  ];
  for (const [address, folder] of folders) expect(coordinatorFolder(address)).toBe(folder);
});

test("the socket lies below the coordinator's folder", () => {
  expect(socketAddress("https://host.example/a/b")).toEqual({ origin: "https://host.example", path: "/a/b/socket.io/" });
  expect(socketAddress("http://127.0.0.1:8080/?auto=1")).toEqual({ origin: "http://127.0.0.1:8080", path: "/socket.io/" });
});
