import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

type Props = Parameters<typeof import("./examplesEditor.tsx")["ExamplesEditor"]>[0];

/** The editor of own examples, which brings the readers of files and is loaded only for who has some. */
export function LazyEditor(props: Props) {
  const editor = useSignal<{ readonly Editor: ComponentType<Props> } | null>(null);
  useEffect(() => {
    void import("./examplesEditor.tsx").then(({ ExamplesEditor: Editor }) => {
      editor.value = { Editor };
    });
  }, []);
  if (editor.value === null) return <div class="examples-editor" aria-busy />;
  const { Editor } = editor.value;
  return <Editor {...props} />;
}
