import type * as english from "./en.ts";

/** Texts may be others than the English ones; what they are put together from is the same. */
type Translated<T> = T extends string
  ? string
  : T extends (...given: infer Given) => infer Said
    ? (...given: Given) => Translated<Said>
    : T extends readonly (infer Item)[]
      ? readonly Translated<Item>[]
      : T extends object
        ? { readonly [Name in keyof T]: Translated<T[Name]> }
        : T;

/** Every sentence of the pages; each language has one file with the same names. */
export type Words = Translated<typeof english>;
