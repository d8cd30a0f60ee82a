/** Search and choices above a list. The slash key goes to the search. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/desk.ts";

const PAUSE_MS = 250;

export function Search({ value, change, label }: { readonly value: string; readonly change: (q: string) => void; readonly label: string }) {
  const { t } = useWords(WORDS);
  const [text, setText] = useState(value);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = window.setTimeout(() => change(text), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    const slash = (event: KeyboardEvent): void => {
      if (event.key !== "/" || (event.target as HTMLElement).closest("input, select, textarea") !== null) return;
      event.preventDefault();
      box.current?.focus();
    };
    window.addEventListener("keydown", slash);
    return () => window.removeEventListener("keydown", slash);
  }, []);
  return (
    <label class="desk-search">
      <span class="desk-soft">{label}</span>
      <input
        ref={box}
        type="search"
        data-testid="search"
        placeholder={t("search.slash")}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly change: (value: string) => void;
  readonly testid?: string;
}

export function Choice({ label, value, options, change, testid }: ChoiceProps) {
  return (
    <label class="desk-choice">
      <span class="desk-soft">{label}</span>
      <select data-testid={testid} value={value} onChange={(event) => change(event.currentTarget.value)}>
        {options.map(([each, text]) => (
          <option key={each} value={each}>{text}</option>
        ))}
      </select>
    </label>
  );
}
