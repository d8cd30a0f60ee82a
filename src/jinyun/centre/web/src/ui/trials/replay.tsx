/** A case replayed from above, with its rules and measures. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { number } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/trials.ts";
import { useAsked } from "../desk/ask.ts";
import { Mark } from "../desk/figures.tsx";
import { Table } from "../desk/table.tsx";
import type { Played } from "./told.ts";

const STEP_S = 0.1;
const WIDE = 960;
const TALL = 300;
const AROUND_M = 45;
const COLOURS = ["#3d8fd6", "#e0584c", "#c98a1b", "#35a86b", "#9a6fd0", "#8a8a8a"];
const LAMPS: Readonly<Record<string, string>> = { red: "#d32f2f", yellow: "#e6a700", green: "#2e9e4f" };

interface Pose {
  readonly x: number;
  readonly y: number;
  readonly h: number;
  readonly v: number;
}

/** By step: the pose of each participant that is there. */
function frames(played: Played): readonly (readonly (Pose | undefined)[])[] {
  const found: (Pose | undefined)[][] = [];
  const { t_s, actor, x_m, y_m, h_rad, v_mps } = played.rows;
  t_s.forEach((t, k) => {
    const step = Math.round(t / STEP_S);
    (found[step] ??= [])[actor[k]!] = { x: x_m[k]!, y: y_m[k]!, h: h_rad[k]!, v: v_mps[k]! };
  });
  return Array.from(found, (frame) => frame ?? []);
}

export function Replay({ run, id }: { readonly run: string; readonly id: string }) {
  const { t, lang } = useWords(WORDS);
  const { data: played } = useAsked<Played>(`api/v1/trials/${run}/cases/${id}`);
  const shown = useMemo(() => (played === null ? [] : frames(played)), [played]);
  const [step, setStep] = useState(0);
  const [plays, setPlays] = useState(true);
  const last = shown.length - 1;
  const now = useRef(0);
  now.current = step;
  useEffect(() => {
    if (!plays || last < 1) return undefined;
    const timer = window.setInterval(() => {
      if (now.current >= last) setPlays(false);
      else setStep(now.current + 1);
    }, STEP_S * 1000);
    return () => window.clearInterval(timer);
  }, [plays, last]);
  if (played === null) return <Table label={t("replay")} rows={null} columns={[]} id={() => ""} />;
  const frame = shown[Math.min(step, last)] ?? [];
  const own = frame[0] ?? { x: 0, y: 0, h: 0, v: 0 };
  const at = step * STEP_S;
  const lamps = new Map<string, string>();
  for (const [when, signal, state] of played.signals) if (when <= at + 1e-6) lamps.set(signal, state);
  const scale = WIDE / (2 * AROUND_M);
  const grid = Math.floor(own.x / 10) * 10;
  return (
    <section data-testid="replay">
      <p class="desk-soft">{played.case} · {Object.entries(played.values).map(([key, value]) => `${key} ${value}`).join(" · ")}</p>
      <svg class="trial-scene" viewBox={`0 0 ${WIDE} ${TALL}`} role="img" aria-label={t("replay")}>
        {Array.from({ length: 12 }, (_, k) => grid - 50 + k * 10).map((x) => (
          <g key={x} transform={`translate(${WIDE / 2 + (x - own.x) * scale} 0)`}>
            <line y2={TALL} stroke="currentColor" opacity="0.12" />
            <text x="3" y={TALL - 6} font-size="11" fill="currentColor" opacity="0.6">{x} m</text>
          </g>
        ))}
        {(played.lines ?? []).map((line, k) => (
          <polyline key={k} fill="none" stroke="currentColor" opacity="0.45" points={line.map(([x, y]) => `${WIDE / 2 + (x - own.x) * scale},${TALL / 2 - (y - own.y) * scale}`).join(" ")} />
        ))}
        {played.actors.map((actor, k) => {
          const pose = frame[k];
          if (pose === undefined) return null;
          const x = WIDE / 2 + (pose.x - own.x) * scale;
          const y = TALL / 2 - (pose.y - own.y) * scale;
          const long = actor.length_m * scale;
          const wide = actor.width_m * scale;
          return (
            <g key={actor.name} transform={`translate(${x} ${y})`}>
              <g transform={`rotate(${(-pose.h * 180) / Math.PI})`}>
                <rect x={(actor.ahead_m - actor.length_m / 2) * scale} y={-wide / 2} width={long} height={wide} rx="3" fill={COLOURS[k % COLOURS.length]} opacity="0.85" />
              </g>
              <text y={-wide / 2 - 8} font-size="12" text-anchor="middle" fill="currentColor">{actor.name} {Math.round(pose.v * 3.6)} km/h</text>
            </g>
          );
        })}
        {[...lamps].map(([signal, state], k) => (
          <g key={signal} transform={`translate(${24 + k * 90} 26)`}>
            <circle r="10" fill={LAMPS[state] ?? "#777"} />
            <text x="16" y="4" font-size="13" fill="currentColor">{signal} {state}</text>
          </g>
        ))}
      </svg>
      <div class="trial-controls">
        <button type="button" class="desk-button main" data-testid="play" onClick={() => { if (step >= last) setStep(0); setPlays(!plays); }}>{plays ? t("pause") : t("play")}</button>
        <input type="range" aria-label={t("time")} min="0" max={Math.max(last, 0)} value={step} onInput={(event) => { setPlays(false); setStep(Number(event.currentTarget.value)); }} />
        <output>{at.toFixed(1)} s · {Math.round(own.v * 3.6)} km/h</output>
      </div>
      <div class="trial-pair">
        <Table
          label={t("rules")}
          testid="rule"
          rows={played.rules}
          id={(row) => row.rule}
          columns={[
            { head: t("rules"), cell: (row) => <span class="desk-name"><b>{row[lang]}</b><small>{row.rule}</small></span> },
            { head: t("limit"), figure: true, cell: (row) => (row.limit === null ? "" : `${number(lang, row.limit)} ${row.unit}`) },
            { head: t("outcome"), cell: (row) => <Mark of={row.outcome === "pass" ? "ok" : row.outcome === "fail" ? "fault" : "warning"}>{t(row.outcome)}</Mark> },
          ]}
        />
        <Table
          label={t("measures")}
          testid="measure"
          rows={played.measures}
          id={(row) => row.name}
          columns={[
            { head: t("measures"), cell: (row) => <span class="desk-name"><b>{row.name}</b><small>{row.about}</small></span> },
            { head: t("value"), figure: true, cell: (row) => (row.value === null ? t("unknown") : `${row.value.toFixed(2)} ${row.unit}`) },
            { head: t("time"), figure: true, wide: true, cell: (row) => (row.at_s === null ? "" : `${row.at_s.toFixed(1)} s`) },
          ]}
        />
      </div>
    </section>
  );
}
