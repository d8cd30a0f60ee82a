/** The display in a shuttle's cabin: what it sees, where it will go, and why it does what it does. */

import { useEffect, useRef, useState } from "preact/hooks";
import { CABIN } from "../../i18n/cabin.ts";
import { setLanguage, useWords } from "../../i18n/language.ts";
import { Pace } from "../../live/pace.ts";
import { useStore } from "../../live/store.ts";
import { address } from "../../live/zone.ts";
import type { PageProps } from "../pages.ts";
import { theme } from "../theme.ts";
import "../styles/cabin.css";
import { Feed, STALE_MS } from "./feed.ts";
import type { Scene } from "./scene.ts";
import { View, type Label } from "./view.ts";

/** By LightState: the colour's name in the style sheet. */
const LIGHTS = ["unknown", "unknown", "red", "red", "green", "green", "green", "yellow", "yellow"] as const;
const SLOW_MS = 250;
/** A display that draws slowly draws no less than this share of its pixels, each way. */
const COARSEST = 0.4;

export default function Cabin({ item }: PageProps) {
  return item === "" ? <Choice /> : <Display key={item} id={item} />;
}

/** The vehicles there are, where the address names none. */
function Choice() {
  const { t } = useWords(CABIN);
  const [ids, setIds] = useState<readonly string[] | null>(null);
  useEffect(() => {
    const ask = async (): Promise<void> => {
      try {
        const said = (await (await fetch(address("api/v1/cabins"))).json()) as { cabins?: { id: string; fresh: boolean }[] };
        setIds((said.cabins ?? []).filter((one) => one.fresh).map((one) => one.id));
      } catch {
        setIds([]);
      }
    };
    void ask();
    const again = window.setInterval(() => void ask(), 3000);
    return () => window.clearInterval(again);
  }, []);
  return (
    <main class="cabin cabin-choice">
      <h1>{t("choose")}</h1>
      {ids !== null && ids.length === 0 ? <p>{t("none")}</p> : null}
      <ul>{(ids ?? []).map((id) => <li key={id}><a href={`./cabin/${encodeURIComponent(id)}`}>{id}</a></li>)}</ul>
    </main>
  );
}

function Display({ id }: { readonly id: string }) {
  const { t, lang } = useWords(CABIN);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [feed] = useState(() => new Feed(id));
  const [labels, setLabels] = useState<readonly Label[]>([]);
  const [noWebgl, setNoWebgl] = useState(false);
  const [stale, setStale] = useState(false);
  const [age, setAge] = useState(Number.NaN);
  const scene = useStore(feed.scene);
  const colours = useStore(theme);

  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);

  useEffect(() => {
    const element = canvas.current!;
    let view: View | null = null;
    try {
      view = new View(element, colours);
    } catch {
      setNoWebgl(true);
    }
    let running = true;
    let drawn: Scene | null = null;
    let told_ms = 0;
    const fit = new ResizeObserver(() => view?.size(element.clientWidth, element.clientHeight));
    fit.observe(element);
    const unwatchRoad = feed.road.watch((road) => road !== null && view?.lay(road));
    const laid = feed.road.get();
    if (laid !== null) view?.lay(laid);
    const pace = new Pace();
    const frame = (): void => {
      if (!running) return;
      const newest = feed.scene.get();
      const fresh = newest !== null && newest !== drawn;
      const begin = performance.now();
      const between = pace.turn(begin);
      if (fresh) view?.take(newest);
      if (fresh || between) {
        const found = view?.draw() ?? [];
        pace.drew(begin);
        if (pace.late()) view?.coarsen(COARSEST);
        if (fresh) {
          drawn = newest;
          feed.drawn();
          setLabels(found);
        }
      }
      const now = performance.now();
      if (now - told_ms > SLOW_MS) {
        told_ms = now;
        setStale(feed.scene.get() !== null && feed.since_ms() > STALE_MS);
        setAge(feed.quantile_ms(0.5));
      }
      window.requestAnimationFrame(frame);
    };
    window.requestAnimationFrame(frame);
    const probe = {
      id,
      get frames() { return feed.frames; },
      get errors() { return feed.errors; },
      get ages_ms() { return [...feed.ages_ms]; },
      get p99_ms() { return feed.quantile_ms(0.99); },
      get counts() { return view === null ? null : { ...view.counts }; },
      get scene() { return feed.scene.get(); },
    };
    (window as unknown as { __cabin: unknown }).__cabin = probe;
    return () => {
      running = false;
      unwatchRoad();
      fit.disconnect();
      view?.close();
    };
  }, [feed, colours, id]);

  return (
    <main class="cabin" data-state={scene?.state ?? "none"} data-stale={stale}>
      <canvas ref={canvas} aria-hidden="true" />
      {labels.map((label, k) => label.at === null ? null : (
        <div key={k} class={`cabin-lamp lamp-${LIGHTS[label.light] ?? "unknown"}`} style={{ left: `${label.at[0]}px`, top: `${label.at[1]}px` }}>
          {Number.isFinite(label.remaining_s) ? Math.ceil(label.remaining_s) : ""}
        </div>
      ))}
      {scene === null ? <p class="cabin-waiting">{t("waiting", { id })}</p> : <Words scene={scene} age={age} />}
      {stale ? <p class="cabin-stale" role="alert">{t("stale")}</p> : null}
      {noWebgl ? <p class="cabin-nowebgl">{t("nowebgl")}</p> : null}
      <button type="button" class="cabin-lang" onClick={() => setLanguage(lang === "zh" ? "en" : "zh")}>{lang === "zh" ? "EN" : "中"}</button>
    </main>
  );
}

function Words({ scene, age }: { readonly scene: Scene; readonly age: number }) {
  const { t, name, lang } = useWords(CABIN);
  const [next, ...later] = scene.stops;
  const far = Math.max(scene.toStop_m, 0);
  const light = scene.lights.light.length > 0 ? scene.lights.light[0]! : null;
  const remaining = scene.lights.remaining_s[0] ?? Number.NaN;
  const by = scene.lights.by[0] ?? 0;
  const modes = { automated: t("automated"), manual: t("manual"), remote: t("remote"), minimal_risk: t("minimal_risk") } as const;
  const other = lang === "zh" ? scene.words.en : scene.words.zh;
  return (
    <>
      <header class="cabin-head">
        <span class="cabin-line" style={{ background: scene.line?.colour ?? "var(--jade)" }}>{scene.line?.id ?? scene.id}</span>
        <div>
          <p class="cabin-small">{scene.docked ? t("at") : t("next")}</p>
          <p class="cabin-stop">{next === undefined ? "—" : name(next.name)}</p>
          <p class="cabin-other">{next === undefined ? "" : lang === "zh" ? next.name.en : next.name.zh}</p>
        </div>
        {scene.docked ? null : (
          <p class="cabin-far">{far >= 1000 ? t("kilometres", { km: (far / 1000).toFixed(1) }) : t("metres", { m: Math.round(far / 5) * 5 })}</p>
        )}
        {later.length > 0 ? <p class="cabin-later"><span>{t("then")}</span>{later.map((stop) => name(stop.name)).join(" · ")}</p> : null}
      </header>
      <aside class="cabin-side">
        <p class={`cabin-mode mode-${scene.mode}`}>{modes[scene.mode as keyof typeof modes] ?? scene.mode}</p>
        {light === null || scene.lights.ahead_m[0]! > 155 ? null : (
          <div class="cabin-signal">
            <p class="cabin-small">{t("signal")}</p>
            <p class={`cabin-light lamp-${LIGHTS[light] ?? "unknown"}`}>{Number.isFinite(remaining) ? Math.ceil(remaining) : "–"}</p>
            <p class="cabin-small">{t("away", { m: Math.max(0, Math.round(scene.lights.ahead_m[0]! - 4.9)) })}</p>
            <p class="cabin-small">{by === 3 ? t("both_say") : by === 2 ? t("road_says") : by === 1 ? t("camera_says") : ""}</p>
          </div>
        )}
      </aside>
      <section class="cabin-foot">
        <div class="cabin-speed"><strong>{Math.round(scene.speed_mps * 3.6)}</strong><span>{t("speed")}</span></div>
        <div class={`cabin-reason reason-${scene.state}`} role="status">
          <strong>{name(scene.words)}</strong>
          <span>{other}</span>
        </div>
        <div class="cabin-notes">
          {scene.seats === null ? null : <span>{t("seats", { n: scene.passengers ?? 0, seats: scene.seats })}</span>}
          {scene.charge === null ? null : <span>{t("charge", { p: Math.round(scene.charge * 100) })}</span>}
          {Number.isFinite(age) ? <span class="cabin-age">{t("age", { ms: Math.round(age) })}</span> : null}
          {scene.simulated ? <span class="cabin-simulated">{t("simulated")}</span> : null}
        </div>
      </section>
      <ul class="cabin-legend">
        <li class="cabin-by-car">{t("seen_car")}</li>
        <li class="cabin-by-road">{t("seen_road")}</li>
        <li class="cabin-by-both">{t("seen_both")}</li>
        <li class="cabin-by-path">{t("path")}</li>
        <li class="cabin-by-ways">{t("ways")}</li>
      </ul>
      {scene.road ? null : <p class="cabin-alone">{t("alone")}</p>}
      {scene.asks === null ? null : <p class="cabin-takeover" role="alert">{t("takeover", { why: scene.asks })}</p>}
    </>
  );
}
