/** The card of the picked participant: what is known of it, what it is advised, and the means to follow it. */

import { useEffect, useState } from "preact/hooks";
import { duration, number, UNKNOWN, wind } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import { classWord } from "../i18n/words.ts";
import { sentence } from "../i18n/sentence.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import type { Stage } from "../map/stage.ts";
import { PARTICIPANT_KINDS } from "../wire/status.ts";
import { Icon } from "./icon.tsx";
import { UrgencyMark } from "./urgency.tsx";

const EVERY_MS = 200;
const MOST_ADVICE = 4;
const KINDS = ["unknown", "motor", "non_motor", "pedestrian"] as const satisfies typeof PARTICIPANT_KINDS[number][];
const SEEN = ["none", "self", "road", "both"] as const;

function useTick(every_ms: number, on: boolean): void {
  const [, set] = useState(0);
  useEffect(() => {
    if (!on) return;
    const timer = window.setInterval(() => set((n) => n + 1), every_ms);
    return () => window.clearInterval(timer);
  }, [every_ms, on]);
}

export function Card({ picture, stage }: { readonly picture: Picture; readonly stage: Stage }) {
  const { t, lang } = useSpeech();
  const id = useStore(stage.selected);
  const following = useStore(stage.following);
  useTick(EVERY_MS, id !== 0);
  if (id === 0) return null;
  const newest = picture.playout.newest();
  const row = newest?.rows.get(id);
  const tracks = newest?.frame.tracks;
  const place = (x_m: number, y_m: number): string =>
    t("card.place.value", {
      x: number(lang, Math.abs(x_m)),
      y: number(lang, Math.abs(y_m)),
      ew: wind(lang, x_m < 0 ? 270 : 90),
      ns: wind(lang, y_m < 0 ? 180 : 0),
    });
  const facts: [string, string, string][] = [];
  let kind: (typeof KINDS)[number] = "unknown";
  if (tracks !== undefined && row !== undefined) {
    const heading = tracks.heading_deg[row]!;
    const sd = tracks.position_sd_m[row]!;
    const [length, width] = [tracks.length_m[row]!, tracks.width_m[row]!];
    kind = KINDS[tracks.kind[row]!] ?? "unknown";
    const seen = SEEN[(tracks.seen_by[row]! & 3) as 0 | 1 | 2 | 3];
    facts.push(
      ["speed", t("card.speed"), `${number(lang, tracks.speed_mps[row]! * 3.6)} km/h`],
      ["heading", t("card.heading"), Number.isFinite(heading) ? `${number(lang, heading)}° ${wind(lang, heading)}` : UNKNOWN],
      ["seen", t("card.seen"), t(`seen.${seen}`)],
      ["sources", t("card.sources"), number(lang, tracks.sources[row]!)],
      ["accuracy", t("card.accuracy"), Number.isFinite(sd) ? `± ${number(lang, sd, sd < 10 ? 2 : 0)} m` : UNKNOWN],
      ["age", t("card.age"), duration(lang, tracks.age_ms[row]!)],
      ["size", t("card.size"), Number.isFinite(length) ? `${number(lang, length, 1)} × ${number(lang, width, 1)} m` : UNKNOWN],
      ["place", t("card.place"), place(tracks.x_m[row]!, tracks.y_m[row]!)],
    );
  }
  const advised = picture.advice.get().filter(({ receiver }) => receiver === id).slice(0, MOST_ADVICE);
  const known = picture.applications.get();
  const title = row === undefined ? t("card.participant") : t(classWord(tracks!.class[row]!));
  return (
    <section class="card" data-testid="participant-card" data-id={id} aria-label={t("card.participant")}>
      <header class="card-head">
        <i class={`swatch swatch-${kind}`} />
        <h2>{kind === "unknown" || title !== t("class.unknown") ? title : t(`kind.${kind}`)}</h2>
        <span class="card-id">{id}</span>
        <button type="button" class="switch" data-testid="card-close" aria-label={t("action.close")} title={t("action.close")} onClick={() => stage.select(0)}>
          <Icon name="close" />
        </button>
      </header>
      {row === undefined ? (
        <p class="empty">{t("card.gone")}</p>
      ) : (
        <dl class="facts">
          <div class="fact" data-testid="card-kind"><dt>{t("card.kind")}</dt><dd>{t(`kind.${kind}`)}</dd></div>
          {facts.map(([key, label, value]) => (
            <div key={key} class="fact" data-testid={`card-${key}`}><dt>{label}</dt><dd>{value}</dd></div>
          ))}
        </dl>
      )}
      {row !== undefined && advised.length > 0 && (
        <ul class="card-advice" aria-label={t("advice")}>
          {advised.map((advice) => {
            const application = known[advice.application];
            return application === undefined ? null : (
              <li key={advice.episode} data-testid="card-advice">
                <UrgencyMark urgency={advice.urgency} />
                <b>{application.id}</b>
                <span>{sentence(lang, application, advice)}</span>
              </li>
            );
          })}
        </ul>
      )}
      <button
        type="button"
        class="follow"
        data-testid="follow"
        aria-pressed={following}
        disabled={row === undefined}
        onClick={() => stage.follow(!following)}
      >
        <Icon name="follow" />
        {t(following ? "action.following" : "action.follow")}
      </button>
    </section>
  );
}
