/** The parts of the running system and whether they had to be started again. */

import { duration, number } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import { WORDS, type Word } from "../i18n/words.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import { Panel } from "./panel.tsx";

const DOTS = { up: "online", starting: "late", down: "silent", unknown: "unknown" } as const;

export function Parts({ picture }: { readonly picture: Picture }) {
  const { t, lang } = useSpeech();
  const status = useStore(picture.status);
  const link = useStore(picture.link);
  const label = (name: string): string => (`part.${name}` in WORDS ? t(`part.${name}` as Word) : name);
  return (
    <Panel
      name="parts"
      title={t("parts")}
      aside={status === null ? "" : `${t("uptime")} ${duration(lang, status.uptime_s * 1000)}`}
    >
      <ul class="parts">
        {(status?.parts ?? []).map((part) => {
          // Without a connection the last known state is not a state.
          const state = link === "live" ? part.state : "unknown";
          return (
            <li key={part.name} class="part" data-testid={`part-${part.name}`} data-state={state}>
              <i class={`dot dot-${DOTS[state]}`} />
              <span class="part-name">{label(part.name)}</span>
              <span class="part-state">{t(`part.${state}`)}</span>
              {part.restarts > 0 && <span class="part-restarts">{t("part.restarts", { n: number(lang, part.restarts) })}</span>}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
