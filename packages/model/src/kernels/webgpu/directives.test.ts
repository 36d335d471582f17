import { expect, test } from "vitest";
import { acceptDirectives, hoistDirectives } from "./directives.ts";

test("enable lines come first, each feature once and in the order found, and the rest stays as it was", () => {
  const code = "var<private> a : i32;\n  enable subgroups;\nfn f() {}\nenable f16, subgroups;\nfn g() -> f16 { return 1.0h; }\n";
  expect(hoistDirectives(code)).toBe(
    "enable subgroups;\nenable f16;\nvar<private> a : i32;\n\nfn f() {}\n\nfn g() -> f16 { return 1.0h; }\n",
  );
});

test("a program without enable lines is handed on untouched, also when it speaks of them", () => {
  for (const code of ["fn f() {}", "// enable f16; would help\nfn f() {}", "fn enable (x : i32) {}"])
    expect(hoistDirectives(code)).toBe(code);
});

test("hoisting twice is hoisting once", () => {
  const once = hoistDirectives("fn f() {}\nenable f16;");
  expect(hoistDirectives(once).replace(/\n+/g, "\n")).toBe(once.replace(/\n+/g, "\n"));
});

test("a device is given the hoisted program with its label, as itself", () => {
  const received: unknown[] = [];
  const device = {
    createShaderModule(descriptor: GPUShaderModuleDescriptor): GPUShaderModule {
      received.push(this, descriptor);
      return { label: "made" } as GPUShaderModule;
    },
  };
  acceptDirectives(device);
  expect(device.createShaderModule({ label: "kernel", code: "fn f() {}\nenable f16;" })).toEqual({ label: "made" });
  expect(received).toEqual([device, { label: "kernel", code: "enable f16;\nfn f() {}\n" }]);
});
