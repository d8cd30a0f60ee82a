/** What is wrong: episodes of bad data or rules, the open ones first, the gravest first. */

import { number, timeOfDay } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import type { Episode, Severity } from "../wire/status.ts";
import { Icon } from "./icon.tsx";
import { Panel } from "./panel.tsx";

const GRAVITY: Readonly<Record<Severity, number>> = { fault: 0, warning: 1, info: 2 };
const MOST_ROWS = 60;

export function inOrder(episodes: readonly Episode[]): Episode[] {
  return [...episodes]
    .sort(
      (a, b) =>
        Number(b.open) - Number(a.open) ||
        (a.open ? GRAVITY[a.severity] - GRAVITY[b.severity] : 0) ||
        b.last_us - a.last_us,
    )
    .slice(0, MOST_ROWS);
}

function Row({ episode }: { readonly episode: Episode }) {
  const { t, lang } = useSpeech();
  return (
    <li
      class={`episode episode-${episode.severity}${episode.open ? "" : " episode-closed"}`}
      data-testid="episode"
      data-rule={episode.rule}
      data-source={episode.source}
      data-open={episode.open}
    >
      <p class="episode-head">
        <span class="severity">{t(`severity.${episode.severity}`)}</span>
        <b class="episode-source">{episode.source}</b>
        <span class="episode-field">{episode.field}</span>
      </p>
      <p class="episode-reason">{episode.reason}</p>
      <p class="episode-foot">
        <span class="episode-rule">{episode.rule}</span>
        <span>{t("wrong.since", { t: timeOfDay(lang, episode.opened_us / 1000) })}</span>
        <span>{t("wrong.count", { n: number(lang, episode.count) })}</span>
        {!episode.open && <span class="episode-end">{t("wrong.closed")}</span>}
      </p>
    </li>
  );
}

export function Episodes({ picture }: { readonly picture: Picture }) {
  const { t, lang } = useSpeech();
  const status = useStore(picture.status);
  const episodes = inOrder(status?.episodes ?? []);
  const open = episodes.filter((episode) => episode.open).length;
  return (
    <Panel
      name="episodes"
      title={t("wrong")}
      aside={
        <span data-testid="episodes-open" class={open > 0 ? "count count-bad" : "count"}>
          {open > 0 ? t("wrong.open", { n: number(lang, open) }) : ""}
        </span>
      }
    >
      {status !== null && open === 0 && (
        <p class="all-well" data-testid="all-well">
          <Icon name="check" />
          {t("wrong.none")}
        </p>
      )}
      <ul class="episodes scroll" tabIndex={episodes.length > 0 ? 0 : -1}>
        {episodes.map((episode) => (
          <Row key={`${episode.id} ${episode.opened_us}`} episode={episode} />
        ))}
      </ul>
    </Panel>
  );
}
