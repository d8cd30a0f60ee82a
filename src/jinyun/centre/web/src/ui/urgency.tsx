/** How soon somebody must act, as a mark whose form tells it without its colour: a ring, a triangle, a filled octagon. */

import { useSpeech } from "../i18n/language.ts";
import type { Urgency } from "../live/advice.ts";

const FORMS: Readonly<Record<Urgency, string>> = {
  1: "M10 3.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13ZM10 9.200v4M10 6.600v.2",
  2: "M10 3 18 16.800H2ZM10 8v4.200M10 14.400v.2",
  3: "M6.900 2.500h6.200l4.400 4.400v6.200l-4.400 4.400H6.900L2.500 13.100V6.900ZM10 6v5M10 13.800v.2",
};

export function UrgencyMark({ urgency, text = false }: { readonly urgency: Urgency; readonly text?: boolean }) {
  const { t } = useSpeech();
  return (
    <span class={`urgency urgency-${urgency}`} title={t(`urgency.${urgency}`)}>
      <svg class="icon" viewBox="0 0 20 20" role="img" aria-label={t(`urgency.${urgency}`)}>
        <path d={FORMS[urgency]} />
      </svg>
      {text && <span aria-hidden="true">{t(`urgency.${urgency}`)}</span>}
    </span>
  );
}
