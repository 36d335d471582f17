import { isBuiltin } from "node:module";

/** What a file's text says of other files: more than it imports, never less. */
export interface NamedFiles {
  /** Each text in quotes that begins like a relative path, and each absolute one that is imported. */
  readonly paths: readonly string[];
  /** Packages that are imported. */
  readonly packages: readonly string[];
  /** What cannot be followed, a sentence each. */
  readonly faults: readonly string[];
}

const relativeText = /(["'`])(\.{1,2}\/(?:(?!\1)[^\n\\])*)\1/g;
const imported = /(?<![\w$.])(?:from|import|require)\s*\(?\s*(["'`])((?:(?!\1)[^\n])*)\1/g;
const called = /(?<![\w$.])(?:import|require)\s*\(\s*(?=([\s\S]{0,400}))/g;
const wholeName = /^(["'`])(?:(?!\1|\$\{)[^\n\\])*\1\s*[,)]/;
const packageName = /^(?:@[a-z0-9~._-]+\/)?[a-z0-9~_-][a-z0-9~._-]*(?=\/|$)/i;

/** Finds what a file of TypeScript or JavaScript may import. No part of it is run or understood, so that nothing that it imports by name is missed. */
export function namedFiles(text: string): NamedFiles {
  const specifiers = [...text.matchAll(imported)].map(([, , name = ""]) => name);
  const bare = specifiers.filter((name) => !/^(\.{0,2}\/|file:|data:|\.\.?$)/.test(name) && !isBuiltin(name));
  const computed = [...text.matchAll(called)].flatMap(([, rest = ""]) => (wholeName.test(rest) ? [] : [rest.split("\n", 1)[0] ?? ""]));
  return {
    paths: [
      ...[...text.matchAll(relativeText)].map(([, , path = ""]) => path),
      ...specifiers.filter((name) => /^(\/|file:)/.test(name) || /^\.\.?$/.test(name)),
    ],
    packages: [...new Set(bare.flatMap((name) => (name.startsWith("#") ? [] : (packageName.exec(name) ?? []))))],
    faults: [
      ...computed.map((rest) => `a file is imported by a name that is computed (${rest}); write its path out in quotes`),
      ...bare.filter((name) => name.startsWith("#")).map((name) => `${name} is imported by a name of package.json; write its path out`),
      ...specifiers.filter((name) => name.includes("\\")).map((name) => `${name} is imported with a backslash; write its path without`),
    ],
  };
}
