/** The board of a smart stop (智慧站台屏): who comes when, large, in both languages; without a stop, the list of all. */

import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/stop.ts";
import { usePolled } from "../../live/polled.ts";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import "../styles/stop.css";

interface Named {
  readonly zh: string;
  readonly en: string;
}

interface Arrival {
  readonly line: string;
  readonly vehicle: number;
  readonly at_us: number;
  readonly standing: boolean;
  readonly toward: string;
}

interface Stop extends Named {
  readonly id: string;
  readonly waiting: number | null;
  readonly crowd: "calm" | "busy" | "full" | null;
  readonly step_free: boolean | null;
  readonly lines: readonly string[];
  readonly arrivals: readonly Arrival[];
}

interface Line extends Named {
  readonly id: string;
  readonly colour: string;
}

interface Board {
  readonly simulated: boolean;
  readonly t_us: number | null;
  readonly now_us: number;
  readonly stop: Stop;
  readonly lines: readonly Line[];
  readonly alerts: readonly (Named & { readonly id: string })[];
  readonly names: Readonly<Record<string, Named>>;
}

const ROWS = 6;
const DUE_S = 30;

export default function StopPage({ item }: PageProps) {
  return item === "" ? <All /> : <One id={item} key={item} />;
}

function One({ id }: { readonly id: string }) {
  const { t, lang } = useWords(WORDS);
  const { value, old } = usePolled<Board>(`api/v1/stops/${encodeURIComponent(id)}`, 1000, 6000);
  const other = lang === "zh" ? "en" : "zh";
  if (value === null) return <main class="board"><p class="board-empty">{old ? t("unknown", { id }) : t("loading")}</p></main>;
  const { stop } = value;
  return (
    <main class="board" data-testid="board">
      <header class="board-head">
        <div>
          <h1>{stop[lang]}</h1>
          <p class="board-other">{stop[other]}</p>
        </div>
        <div class="board-right">
          <Clock />
          <p class="board-id">{stop.id}{value.simulated && <span class="board-simulated">{t("simulated")}</span>}</p>
        </div>
      </header>
      {(old || value.t_us === null) && <p class="board-old" role="alert">{t(value.t_us === null ? "silent" : "old")}</p>}
      {value.alerts.map((alert) => (
        <p class="board-alert" role="alert" key={alert.id}>{alert[lang]}<span class="board-other"> {alert[other]}</span></p>
      ))}
      <section class="board-rows" aria-live="polite">
        {stop.arrivals.length === 0 && value.t_us !== null && <p class="board-empty">{t("none")}</p>}
        {stop.arrivals.slice(0, ROWS).map((arrival) => (
          <Row key={`${arrival.vehicle}-${arrival.standing}`} arrival={arrival} board={value} />
        ))}
      </section>
      <footer class="board-foot">
        {stop.waiting !== null && (
          <span class={`board-crowd crowd-${stop.crowd}`}>{t("waiting", { n: stop.waiting })}{stop.crowd !== null && ` · ${t(stop.crowd)}`}</span>
        )}
        {stop.step_free !== null && <span>{t(stop.step_free ? "step.yes" : "step.no")}</span>}
        <span class="board-feeds">{t("feeds")}</span>
      </footer>
    </main>
  );
}

function Row({ arrival, board }: { readonly arrival: Arrival; readonly board: Board }) {
  const { t, lang } = useWords(WORDS);
  const line = board.lines.find(({ id }) => id === arrival.line);
  const other = lang === "zh" ? "en" : "zh";
  const seconds = (arrival.at_us - board.now_us) / 1e6;
  const toward = arrival.toward === "" ? undefined : board.names[arrival.toward];
  return (
    <article class="board-row" data-testid="arrival">
      <span class="board-line" style={{ background: line?.colour ?? "#555" }}>{arrival.line}</span>
      <div class="board-to">
        <b>{line?.[lang] ?? arrival.line}</b>
        <span class="board-other">{line?.[other]}{toward !== undefined && ` · ${t("toward", { name: toward[lang] })}`}</span>
      </div>
      <p class="board-when">
        {arrival.standing ? (
          <b>{t("standing")}</b>
        ) : seconds < DUE_S ? (
          <b>{t("now")}</b>
        ) : (
          <><b class="board-number">{Math.round(seconds / 60) || 1}</b> {t("minutes")}</>
        )}
      </p>
    </article>
  );
}

function Clock() {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const ticking = window.setInterval(() => setNow(new Date()), 1000);
    return () => window.clearInterval(ticking);
  }, []);
  return <time class="board-clock">{now.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false })}</time>;
}

function All() {
  const { t, lang } = useWords(WORDS);
  const { value } = usePolled<{ readonly stops: readonly Stop[]; readonly simulated: boolean }>("api/v1/stops", 2000, 6000);
  return (
    <main class="board board-all scroll">
      <h1>{t("title")} {value?.simulated === true && <small class="board-simulated">{t("simulated")}</small>}</h1>
      <ul>
        {(value?.stops ?? []).map((stop) => (
          <li key={stop.id}>
            <Link to={{ page: "other", name: "stop", item: stop.id }}>
              <b>{stop.id}</b> {stop[lang]} <span class="board-other">{stop.lines.join(" · ")}</span>
            </Link>
          </li>
        ))}
      </ul>
    </main>
  );
}
