/** The sentence of an application with its numbers, written as the cloud writes it into messages. */

import type { Application } from "../wire/catalogue.ts";
import { number, UNKNOWN } from "./format.ts";
import type { Language } from "./language.ts";

/** `{value:.0f}` as Python has it: a name, and how many digits. */
const BLANK = /\{(\w+)(?::\.(\d)f)?\}/g;

export interface Numbers {
  readonly value: number;
  readonly after_s: number;
}

export function sentence(lang: Language, application: Application, numbers: Numbers): string {
  return application.says[lang].replace(BLANK, (_, name: string, digits: string | undefined) =>
    name === "value" || name === "after_s" ? number(lang, numbers[name], Number(digits ?? 0)) : UNKNOWN,
  );
}

/** The sentence as a pattern to read: its blanks as dots. */
export function pattern(lang: Language, application: Application): string {
  return application.says[lang].replace(BLANK, "…");
}
