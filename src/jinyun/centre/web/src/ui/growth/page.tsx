/** Growth (连线·成网·成片): the map of the stages under a slider, what each stage brings, and the proof beside it. */

import { useState } from "preact/hooks";
import { number } from "../../i18n/format.ts";
import { WORDS } from "../../i18n/growth.ts";
import { useWords } from "../../i18n/language.ts";
import { useAsked } from "../desk/ask.ts";
import { Figures } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { Table } from "../desk/table.tsx";
import type { PageProps } from "../pages.ts";
import { Curves, type PlanTold } from "./curves.tsx";
import { StageMap, type Segment } from "./map.tsx";
import { Waits } from "../desk/waits.tsx";
import "../styles/growth.css";

interface Named {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
}

interface Growth {
  readonly simulated: boolean;
  readonly extent_m: readonly [number, number, number, number];
  readonly segments: readonly Segment[];
  readonly anchors: readonly (Named & { readonly at: readonly [number, number] })[];
  readonly stages: readonly Named[];
  readonly plan: PlanTold | null;
  readonly delivered: readonly Delivered[] | null;
}

interface Delivered {
  readonly id: string;
  readonly promised_km: number;
  readonly delivered_km: number;
  readonly promised_value: number;
  readonly delivered_value: number;
}

interface Margin {
  readonly segment: string;
  readonly stage: number | null;
  readonly points: number | null;
  readonly points_per_mcny: number | null;
}

interface Score {
  readonly ready: boolean;
  readonly unknown: readonly string[];
}

const AIMS = ["corridor", "anchors", "trips", "loops", "area", "density"] as const;

export default function GrowthPage({ picture }: PageProps) {
  const { t, lang, name } = useWords(WORDS);
  const { data, refusal } = useAsked<Growth>("api/v1/growth", 30_000);
  const { data: margins } = useAsked<{ readonly margins: readonly Margin[] }>("api/v1/growth/margins");
  const { data: score } = useAsked<{ readonly sections: readonly Score[] }>("api/v1/growth/score");
  const [at, setAt] = useState<number | null>(null);
  const plan = data?.plan ?? null;
  const stage = at ?? (data?.stages.length ?? 0);
  const told = plan?.stages[stage - 1];
  const spent = (plan?.stages ?? []).slice(0, stage).reduce((sum, each) => sum + each.cost_cny, 0) / 1e6;
  const percent = (ratio: number): string => `${ratio > 1 ? "+" : ""}${number(lang, (ratio - 1) * 100, 1)} %`;
  const sections = score?.sections ?? [];
  return (
    <Paper picture={picture} name="growth" title={t("title")} lead={t("lead")} refusal={refusal}>
      {data?.simulated === true && <p class="growth-note" data-testid="growth-simulated">{t("note")}</p>}
      {data === null && <Waits />}
      {data !== null && data !== undefined && plan === null && <p class="empty">{t("noplan")}</p>}
      {plan !== null && (
        <Figures
          figures={[
            { key: "gap", label: t("gap"), value: number(lang, plan.gap * 100, 1), unit: "%", tone: plan.gap <= 0.05 ? "good" : "warn" },
            { key: "greedy", label: t("against", { name: t("greedy") }), value: percent(plan.vs_greedy) },
            { key: "greedy_per_km", label: t("against", { name: t("greedy_per_km") }), value: percent(plan.vs_greedy_per_km) },
            { key: "rings", label: t("against", { name: t("rings") }), value: percent(plan.vs_rings) },
          ]}
        />
      )}
      {data !== null && data !== undefined && (
        <div class="growth-desk">
          <section aria-label={t("map")}>
            <div class="growth-stages">
              <input type="range" min={0} max={data.stages.length} step={1} value={stage} aria-label={t("stage")} data-testid="stage" onInput={(event) => setAt(Number(event.currentTarget.value))} />
              <div class="ticks">
                {[{ id: "today", zh: t("today"), en: t("today") }, ...data.stages].map((each, i) => (
                  <button type="button" key={each.id} class="desk-button" aria-pressed={i === stage} onClick={() => setAt(i)}>{i === stage ? <b>{name(each)}</b> : name(each)}</button>
                ))}
              </div>
            </div>
            <StageMap extent={data.extent_m} segments={data.segments} anchors={data.anchors.map((each) => ({ id: each.id, at: each.at, text: name(each) }))} stage={stage} stages={data.stages.length} words={{ open: t("open"), never: t("never"), tunnel: t("tunnel"), map: t("map"), suspended: t("suspended") }} names={data.stages.map((each) => name(each))} />
          </section>
          <section>
            {told !== undefined && (
              <>
                <Figures
                  figures={[
                    { key: "km", label: t("km"), value: number(lang, told.total_km, 1), unit: "km" },
                    { key: "cost", label: t("cost"), value: number(lang, spent, 0), unit: t("mcny") },
                    { key: "points", label: `${t("points")} · ${t("of", { n: number(lang, told.bound, 1) })}`, value: number(lang, told.value, 1) },
                  ]}
                />
                <h3 class="growth-head">{t("shares")}</h3>
                <div class="growth-bars">
                  {AIMS.map((aim) => (
                    <>
                      <span>{t(`aim.${aim}`)}</span>
                      <span class="track"><i style={{ width: `${Math.min(told.shares[aim] ?? 0, 1) * 100}%` }} /></span>
                      <b>{number(lang, (told.shares[aim] ?? 0) * 100, 0)} %</b>
                    </>
                  ))}
                </div>
              </>
            )}
            {plan !== null && (
              <>
                <h3 class="growth-head">{t("curve")}</h3>
                <Curves plan={plan} names={data.stages.map((each) => name(each))} words={{ plan: t("plan"), bound: t("bound"), greedy: t("greedy"), greedy_per_km: t("greedy_per_km"), rings: t("rings") }} label={t("curve")} />
              </>
            )}
            <h3 class="growth-head">{t("ready")}</h3>
            <p>{t("ready.n", { n: sections.filter((row) => row.ready).length, u: sections.filter((row) => row.unknown.length > 0).length, l: sections.filter((row) => !row.ready && row.unknown.length === 0).length })}</p>
          </section>
        </div>
      )}
      {data?.delivered !== null && data?.delivered !== undefined && (
        <>
          <h3 class="growth-head">{t("promised")}</h3>
          <Table
            label={t("promised")}
            rows={data.delivered}
            id={(row) => row.id}
            columns={[
              { head: t("stage"), cell: (row) => name(data.stages.find((each) => each.id === row.id)!) },
              { head: t("promised.km"), figure: true, cell: (row) => number(lang, row.promised_km, 1) },
              { head: t("delivered.km"), figure: true, cell: (row) => number(lang, row.delivered_km, 1) },
              { head: t("promised.value"), figure: true, cell: (row) => number(lang, row.promised_value, 1) },
              { head: t("delivered.value"), figure: true, cell: (row) => number(lang, row.delivered_value, 1) },
            ]}
          />
        </>
      )}
      {margins !== null && margins !== undefined && (
        <>
          <h3 class="growth-head">{t("margins")}</h3>
          <Table
            label={t("margins")}
            rows={[...margins.margins].filter((row) => row.points_per_mcny !== null).sort((a, b) => b.points_per_mcny! - a.points_per_mcny!).slice(0, 15)}
            id={(row) => row.segment}
            columns={[
              { head: t("segment"), cell: (row) => <code>{row.segment}</code> },
              { head: t("stage"), cell: (row) => (row.stage === null ? t("never") : name(data?.stages[row.stage] ?? { zh: "", en: "" })) },
              { head: t("points"), figure: true, cell: (row) => number(lang, row.points ?? 0, 2) },
              { head: t("perm"), figure: true, cell: (row) => number(lang, row.points_per_mcny ?? 0, 2) },
            ]}
          />
        </>
      )}
    </Paper>
  );
}
