import * as english from "../words/en.ts";
import { useWords } from "../words/words.ts";

useWords(english);
