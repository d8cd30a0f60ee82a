/** Charging (充电): the depot's plan under its limit, chargers, sessions, batteries and alarms. */

import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/charging.ts";
import { timeOfDay } from "../../i18n/format.ts";
import { usePolled } from "../../live/polled.ts";
import { Paper } from "../desk/paper.tsx";
import type { PageProps } from "../pages.ts";
import "../styles/charging.css";

interface Plan {
  readonly limit_kw: number;
  readonly start_us: number;
  readonly slot_s: number;
  readonly feasible: boolean;
  readonly missing: readonly { readonly shuttle: string; readonly kwh: number }[];
  readonly total_kw: readonly number[];
  readonly stays: readonly { readonly shuttle: string; readonly first: number; readonly last: number; readonly power_kw: readonly number[] }[];
}

interface Charging {
  readonly simulated: boolean;
  readonly t_us: number | null;
  readonly chargers: readonly {
    readonly id: string; readonly site: string; readonly connected: boolean; readonly version: string;
    readonly vendor: string; readonly model: string; readonly connectors: Readonly<Record<string, string>>; readonly limit_w: number | null;
  }[];
  readonly sessions: readonly { readonly id: string; readonly charger: string; readonly token?: string; readonly energy_wh: number | null; readonly power_w: number | null; readonly soc_percent: number | null }[];
  readonly batteries: readonly { readonly vin?: string; readonly vehicle?: string; readonly share: number | null; readonly charging: string; readonly alarms: readonly string[] }[];
  readonly alarms: readonly { readonly rule: string; readonly source: string; readonly reason: string; readonly reason_zh?: string; readonly severity: string; readonly t_us: number }[];
  readonly plan: Plan | null;
}

export default function ChargingPage({ picture }: PageProps) {
  const { t } = useWords(WORDS);
  const { value, old } = usePolled<Charging>("api/v1/charging", 2000, 8000);
  return (
    <Paper picture={picture} name="charging" title={t("title")}>
      <div class="charging" data-testid="charging">
        {old && <p class="charging-note" role="alert">{t("old")}</p>}
        {value !== null && value.t_us === null && <p class="empty">{t("none")}</p>}
        {value !== null && value.t_us !== null && <Told told={value} />}
      </div>
    </Paper>
  );
}

function Told({ told }: { readonly told: Charging }) {
  const { t, lang } = useWords(WORDS);
  const kw = (watts: number | null): string => (watts === null ? "–" : (watts / 1000).toFixed(1));
  return (
    <>
      <h3>{t("plan")}</h3>
      {told.plan === null ? <p class="empty">{t("plan.none")}</p> : <PlanPicture plan={told.plan} />}
      <h3>{t("chargers")}</h3>
      {told.chargers.length === 0 && <p class="empty">{t("chargers.none")}</p>}
      <ul class="charging-list">
        {told.chargers.map((one) => (
          <li key={one.id}>
            <b>{one.id}</b> {one.site} <span class={one.connected ? "charging-here" : "charging-away"}>{t(one.connected ? "here" : "away")}</span>{" "}
            {one.version} {one.vendor} {one.model} {Object.entries(one.connectors).map(([k, s]) => `${k}: ${s}`).join(", ")}{" "}
            {one.limit_w !== null && t("limit", { kw: kw(one.limit_w) })}
          </li>
        ))}
      </ul>
      <h3>{t("sessions")}</h3>
      {told.sessions.length === 0 ? <p class="empty">{t("sessions.none")}</p> : (
        <table class="charging-table">
          <thead><tr><th /><th>{t("energy")}</th><th>{t("power")}</th><th>{t("charge")}</th></tr></thead>
          <tbody>
            {told.sessions.map((one) => (
              <tr key={one.id}><td>{one.charger} {one.token ?? ""}</td><td>{kw(one.energy_wh)}</td><td>{kw(one.power_w)}</td>
                <td>{one.soc_percent === null ? "–" : `${Math.round(one.soc_percent)} %`}</td></tr>
            ))}
          </tbody>
        </table>
      )}
      <h3>{t("batteries")}</h3>
      {told.batteries.length === 0 && <p class="empty">{t("batteries.none")}</p>}
      <ul class="charging-list">
        {told.batteries.map((one, k) => (
          <li key={one.vin ?? k}><b>{one.vehicle || one.vin || ""}</b> {one.share === null ? "–" : `${Math.round(100 * one.share)} %`} {one.charging} {one.alarms.join(", ")}</li>
        ))}
      </ul>
      <h3>{t("alarms")}</h3>
      {told.alarms.length === 0 && <p class="empty">{t("alarms.none")}</p>}
      <ul class="charging-list">
        {[...told.alarms].reverse().slice(0, 20).map((one, k) => (
          <li key={k} class={`charging-${one.severity}`}><time>{timeOfDay(lang, one.t_us / 1000)}</time> <b>{one.source}</b> {`rule.${one.rule}` in WORDS ? t(`rule.${one.rule}` as keyof typeof WORDS) : one.rule}{lang === "zh" ? "：" : ": "}{lang === "zh" ? one.reason_zh ?? one.reason : one.reason}</li>
        ))}
      </ul>
    </>
  );
}

const WIDTH = 960;
const HEIGHT = 220;
const FOOT = 26;

/** Power of all shuttles by quarter of an hour, one colour a shuttle, under the line of the limit. */
function PlanPicture({ plan }: { readonly plan: Plan }) {
  const { t } = useWords(WORDS);
  const shuttles = [...new Set(plan.stays.map(({ shuttle }) => shuttle))];
  const slots = plan.total_kw.length;
  const most = Math.max(plan.limit_kw, ...plan.total_kw) * 1.08;
  const x = WIDTH / slots;
  const y = (kw: number): number => (kw / most) * (HEIGHT - FOOT);
  const base: number[] = new Array<number>(slots).fill(0);
  const bars = plan.stays.flatMap((stay) =>
    stay.power_kw.flatMap((kw, k) => {
      if (kw <= 0.05) return [];
      const under = base[k]!;
      base[k] = under + kw;
      return [<rect key={`${stay.shuttle}-${stay.first}-${k}`} x={k * x} width={x + 0.3} y={HEIGHT - FOOT - y(under + kw)} height={y(kw)} class={`plan-bar bar-${shuttles.indexOf(stay.shuttle) % 4}`} />];
    }),
  );
  const hour = (k: number): string =>
    new Date(plan.start_us / 1000 + k * plan.slot_s * 1000).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
  return (
    <figure class="plan">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("plan")}>
        {bars}
        <line x1={0} x2={WIDTH} y1={HEIGHT - FOOT - y(plan.limit_kw)} y2={HEIGHT - FOOT - y(plan.limit_kw)} class="plan-limit" />
        {[0, 16, 32, 48, 64, 80].filter((k) => k < slots).map((k) => (
          <text key={k} x={k * x + 2} y={HEIGHT - 6} class="plan-hour">{hour(k)}</text>
        ))}
      </svg>
      <figcaption>
        {shuttles.map((shuttle, k) => <span key={shuttle} class="plan-key"><i class={`bar-${k % 4}`} /> {shuttle}</span>)}
        <span>{t("plan.limit", { kw: plan.limit_kw })}</span>
        {plan.feasible ? <span class="charging-here">{t("plan.good")}</span> : plan.missing.map((one) => (
          <b key={one.shuttle} class="charging-fault">{t("plan.short", one)}</b>
        ))}
      </figcaption>
    </figure>
  );
}
