/** The page's language: Chinese unless the address (`?lang=en`) or an earlier choice says English. */

import { Store, useStore } from "../live/store.ts";
import { WORDS, type Word } from "./words.ts";

export type Language = "zh" | "en";

const KEY = "jinyun.lang";

/** What the browser remembers; storage may be forbidden, then nothing is remembered. */
export function remembered(key: string): string | null {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    window.localStorage.setItem(key, value);
  } catch {
    // Private windows may refuse; the choice then lasts until the page is closed.
  }
}

function first(): Language {
  const asked = new URLSearchParams(window.location.search).get("lang") ?? remembered(KEY);
  return asked === "en" ? "en" : "zh";
}

export const language = new Store<Language>(first());

export function setLanguage(to: Language): void {
  remember(KEY, to);
  language.set(to);
}

export function say(lang: Language, word: Word, values?: Readonly<Record<string, string | number>>): string {
  return fill(WORDS[word][lang], values);
}

function fill(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export interface Speech {
  readonly lang: Language;
  readonly t: (word: Word, values?: Readonly<Record<string, string | number>>) => string;
  /** the name of something that carries both languages */
  readonly name: (both: { readonly zh: string; readonly en: string }) => string;
}

export function useSpeech(): Speech {
  const lang = useStore(language);
  return { lang, t: (word, values) => say(lang, word, values), name: (both) => both[lang] };
}

/** The words of one page (`i18n/NAME.ts`), said like those of all. */
export function useWords<W extends string>(words: Readonly<Record<W, { readonly zh: string; readonly en: string }>>): {
  readonly lang: Language;
  readonly t: (word: W, values?: Readonly<Record<string, string | number>>) => string;
  readonly name: Speech["name"];
} {
  const lang = useStore(language);
  return { lang, t: (word, values) => fill(words[word][lang], values), name: (both) => both[lang] };
}
