/** One labelled text, or pair of texts: an example of a classification task. */
export interface Example {
  readonly text: string;
  /** Second text of a pair task. */
  readonly textB?: string | undefined;
  /** Class, from 0. */
  readonly label: number;
  /** Who owns the row, for the partition by field. */
  readonly owner?: string | undefined;
}

/** An example of a text task. */
export type TextExample = ReplyExample | ContinuationExample;

/** A text and the answer to it. */
export interface ReplyExample {
  readonly kind: "reply";
  /** What was said before the text, oldest first; absent where nothing was. */
  readonly turns?: readonly ChatTurn[] | undefined;
  readonly text: string;
  readonly answer: string;
  /** Which of the task's groups the text belongs to, from 0. */
  readonly group?: number | undefined;
  readonly owner?: string | undefined;
}

/** Plain text. */
export interface ContinuationExample {
  readonly kind: "continuation";
  readonly text: string;
  readonly group?: number | undefined;
  readonly owner?: string | undefined;
}

/** Something said in a conversation, in the words of chat templates. */
export interface ChatTurn {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A data set in its three splits. */
export interface Dataset<E = Example> {
  readonly train: readonly E[];
  readonly validation: readonly E[];
  readonly test: readonly E[];
}
