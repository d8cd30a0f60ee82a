/** Replay (回放): the map as it was, at any instant of the record, at any speed, frame by frame. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { date, timeOfDay } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/replay.ts";
import { Picture } from "../../live/picture.ts";
import { useStore } from "../../live/store.ts";
import { Stage } from "../../map/stage.ts";
import { useAsked } from "../desk/ask.ts";
import { Paper } from "../desk/paper.tsx";
import type { PageProps } from "../pages.ts";
import { theme } from "../theme.ts";
import "../styles/replay.css";

interface Span {
  readonly from_us: number;
  readonly to_us: number;
  readonly gaps: readonly { readonly from_us: number; readonly to_us: number }[];
  readonly ring: boolean;
}

const SPEEDS = [0.1, 0.5, 1, 2, 5, 10, 30, 60] as const;
/** A player that is paused says nothing; it is asked where it is, so that a dead connection is noticed. */
const PAUSED_MS = 3000;

export default function Replay({ picture, item }: PageProps) {
  const { t } = useWords(WORDS);
  const { data, refusal } = useAsked<Span>("api/v1/record", 5000);
  if (data === null) {
    return <Paper picture={picture} name="replay" title={t("title")} refusal={refusal}><p class="empty">…</p></Paper>;
  }
  return <Player span={data} start_us={Number(item) > 0 ? Number(item) : 0} />;
}

function Player({ span, start_us }: { readonly span: Span; readonly start_us: number }) {
  const { t, lang } = useWords(WORDS);
  const host = useRef<HTMLDivElement>(null);
  const own = useMemo(() => new Picture(), []);
  const colours = useStore(theme);
  const [stage, setStage] = useState<Stage | null>(null);
  const [where, setWhere] = useState({ t_us: start_us || span.to_us - 30_000_000, speed: 0 });
  const [speed, setSpeed] = useState(1);
  const heading = useStore(own.heading);
  const say = useRef<(text: string) => void>(() => {});
  const now = useRef(where);
  now.current = where;

  useLayoutEffect(() => {
    const made = new Stage(host.current!, own);
    setStage(made);
    void made.start("canvas");
    const element = host.current!;
    const tell = (): void => {
      const box = element.getBoundingClientRect();
      made.resize(box.width, box.height, { left: 12, right: 12, top: 12, bottom: 12 }, 1);
    };
    const observer = new ResizeObserver(tell);
    observer.observe(element);
    tell();
    made.rest(false);
    return () => {
      observer.disconnect();
      made.rest(true);
    };
  }, [own]);
  useLayoutEffect(() => stage?.setTheme(colours), [stage, colours]);

  useEffect(() => {
    const first_us = Math.max(span.from_us, now.current.t_us);
    const stop = own.replay(
      first_us,
      (tell) => {
        say.current = tell;
        tell(`seek ${now.current.t_us}`);
        tell(now.current.speed > 0 || start_us === 0 ? `play ${now.current.speed || 1}` : "pause");
      },
      (text) => {
        const told = JSON.parse(text) as { readonly t_us?: number; readonly speed?: number };
        if (told.t_us !== undefined) setWhere({ t_us: told.t_us, speed: told.speed ?? 0 });
      },
    );
    const timer = window.setInterval(() => {
      if (now.current.speed === 0) say.current(`seek ${now.current.t_us}`);
    }, PAUSED_MS);
    return () => {
      window.clearInterval(timer);
      stop();
    };
  }, [own]);

  const playing = where.speed > 0;
  const toggle = (): void => say.current(playing ? "pause" : `play ${speed}`);
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if ((event.target as HTMLElement).closest("input, select, button, a") !== null) return;
      const word = event.key === " " ? (now.current.speed > 0 ? "pause" : `play ${speed}`) : event.key === "ArrowRight" ? "step 1" : event.key === "ArrowLeft" ? "step -1" : "";
      if (word === "") return;
      event.preventDefault();
      say.current(word);
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, [speed]);

  const length = Math.max(span.to_us - span.from_us, 1);
  const clock = (t_us: number): string => `${date(lang, t_us / 1000)} ${timeOfDay(lang, t_us / 1000)}`;
  const tenth = Math.floor((where.t_us % 1_000_000) / 100_000);
  return (
    <main class="replay" data-testid="page-replay" aria-label={t("title")}>
      <div class="replay-map" ref={host} role="application" aria-label={t("map")} tabIndex={0} />
      <p class="replay-badges">
        <span class="badge badge-replay" data-testid="replay-badge">{t("badge")}</span>
        {heading?.simulated === true && <span class="badge badge-simulated">{t("simulated")}</span>}
      </p>
      <section class="replay-bar desk" aria-label={t("title")}>
        <div class="replay-line">
          <input
            type="range"
            data-testid="scrub"
            aria-label={t("scrub")}
            aria-valuetext={clock(where.t_us)}
            min={span.from_us}
            max={span.to_us}
            step={100_000}
            value={where.t_us}
            onInput={(event) => say.current(`seek ${event.currentTarget.value}`)}
          />
          <span class="replay-gaps" aria-hidden="true">
            {span.gaps.map((gap) => (
              <i key={gap.from_us} style={{ left: `${(100 * (gap.from_us - span.from_us)) / length}%`, width: `${(100 * (gap.to_us - gap.from_us)) / length}%` }} />
            ))}
          </span>
        </div>
        <div class="replay-deeds">
          <button type="button" class="desk-button" aria-label={t("back")} title={t("back")} data-testid="step-back" onClick={() => say.current("step -1")}>‹</button>
          <button type="button" class="desk-button main" data-testid="play" data-playing={playing} onClick={toggle}>{t(playing ? "pause" : "play")}</button>
          <button type="button" class="desk-button" aria-label={t("forward")} title={t("forward")} data-testid="step-forward" onClick={() => say.current("step 1")}>›</button>
          <label class="replay-speed">
            <span class="desk-soft">{t("speed")}</span>
            <select
              data-testid="speed"
              value={String(speed)}
              onChange={(event) => {
                const chosen = Number(event.currentTarget.value);
                setSpeed(chosen);
                if (playing) say.current(`play ${chosen}`);
              }}
            >
              {SPEEDS.map((each) => <option key={each} value={String(each)}>{each}×</option>)}
            </select>
          </label>
          <time class="replay-clock" data-testid="replay-clock" data-t_us={where.t_us}>{clock(where.t_us)}.{tenth}</time>
          <span class="desk-soft replay-span">
            {t("span", { from: clock(span.from_us), to: clock(span.to_us) })}
            {span.gaps.length > 0 && ` · ${t("gaps", { n: span.gaps.length })}`}
            {span.ring && ` · ${t("ring")}`}
            <br />{t("keys")}
          </span>
        </div>
      </section>
    </main>
  );
}
