import type { Text } from "./text.ts";

/** A sentence with what a program said of it behind, in the language that each is in. */
export function Said({ text, lang, detail }: Text) {
  return (
    <>
      <span lang={lang}>{text}</span>
      {detail !== undefined && detail !== "" && (
        <span class="soft small said-detail" lang="en">
          {" "}
          ({detail})
        </span>
      )}
    </>
  );
}
