/**
 * What is wrong: episodes of bad data or broken rules, the open ones first, the gravest first.
 *
 * Many episodes of one rule are one line that opens: a storm of alarms must not hide the odd one.
 */

import { number, timeOfDay } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import { type Episode, type Severity, unheard } from "../wire/status.ts";
import { Icon } from "./icon.tsx";
import { Panel } from "./panel.tsx";

const GRAVITY: Readonly<Record<Severity, number>> = { fault: 0, warning: 1, info: 2 };
/** So many episodes of one rule stand for themselves; more are folded. */
const FEW = 3;
const MOST_ROWS = 200;

function inOrder(episodes: readonly Episode[]): Episode[] {
  return [...episodes]
    .sort(
      (a, b) =>
        Number(b.open) - Number(a.open) ||
        (a.open ? GRAVITY[a.severity] - GRAVITY[b.severity] : 0) ||
        b.last_us - a.last_us,
    )
    .slice(0, MOST_ROWS);
}

/** Episodes of equal rule, severity and state together, in the order of their first. */
function byRule(episodes: readonly Episode[]): Episode[][] {
  const groups = new Map<string, Episode[]>();
  for (const episode of episodes) {
    const key = `${episode.open} ${episode.severity} ${episode.rule}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [episode]);
    else group.push(episode);
  }
  return [...groups.values()];
}

function Row({ episode }: { readonly episode: Episode }) {
  const { t, lang, name } = useSpeech();
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
      <p class="episode-reason">{name(episode.reason)}</p>
      <p class="episode-foot">
        <span class="episode-rule" title={episode.rule}>{name(episode.name)}</span>
        <span>{t("wrong.since", { t: timeOfDay(lang, episode.opened_us / 1000) })}</span>
        <span>{t("wrong.count", { n: number(lang, episode.count) })}</span>
        {!episode.open && <span class="episode-end">{t("wrong.closed")}</span>}
      </p>
    </li>
  );
}

function Group({ episodes }: { readonly episodes: readonly Episode[] }) {
  const { t, lang, name } = useSpeech();
  const first = episodes[0]!;
  if (episodes.length <= FEW) {
    return (
      <>
        {episodes.map((episode) => (
          <Row key={`${episode.id} ${episode.opened_us}`} episode={episode} />
        ))}
      </>
    );
  }
  const since = Math.min(...episodes.map((episode) => episode.opened_us));
  const sources = new Set(episodes.map((episode) => episode.source)).size;
  return (
    <li class={`episode episode-${first.severity}${first.open ? "" : " episode-closed"}`}>
      <details data-testid="episode-group" data-rule={first.rule}>
        <summary>
          <span class="episode-head">
            <span class="severity">{t(`severity.${first.severity}`)}</span>
            <b class="episode-source" title={first.rule}>{name(first.name)}</b>
            <span class="episode-field">{t("wrong.sources", { n: number(lang, sources) })}</span>
          </span>
          <span class="episode-reason">{name(first.reason)}</span>
          <span class="episode-foot">
            <span class="episode-rule">{t("wrong.episodes", { n: number(lang, episodes.length) })}</span>
            <span>{t("wrong.since", { t: timeOfDay(lang, since / 1000) })}</span>
            {!first.open && <span class="episode-end">{t("wrong.closed")}</span>}
          </span>
        </summary>
        <ul>
          {episodes.map((episode) => (
            <Row key={`${episode.id} ${episode.opened_us}`} episode={episode} />
          ))}
        </ul>
      </details>
    </li>
  );
}

export function Episodes({ picture }: { readonly picture: Picture }) {
  const { t, lang } = useSpeech();
  const status = useStore(picture.status);
  const all = status?.episodes ?? [];
  const open = all.filter((episode) => episode.open).length;
  const groups = byRule(inOrder(all));
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
      {status !== null && open === 0 && (unheard(status) ? (
        <p class="empty" data-testid="unheard">{t("wrong.unheard")}</p>
      ) : (
        <p class="all-well" data-testid="all-well">
          <Icon name="check" />
          {t("wrong.none")}
        </p>
      ))}
      <ul class="episodes scroll" tabIndex={groups.length > 0 ? 0 : -1}>
        {groups.map((episodes) => (
          <Group key={`${episodes[0]!.open} ${episodes[0]!.severity} ${episodes[0]!.rule}`} episodes={episodes} />
        ))}
      </ul>
    </Panel>
  );
}
