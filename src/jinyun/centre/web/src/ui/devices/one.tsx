/** One site or device: its link, its scorecard beside what the profile asks, what stands, and its last hours as curves. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { WORDS } from "../../i18n/devices.ts";
import { date, duration, number, rate, timeOfDay, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import type { Bilingual } from "../../wire/frame.ts";
import { useAsked } from "../desk/ask.ts";
import { Figures, Mark, type Figure } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { Table } from "../desk/table.tsx";
import { Icon } from "../icon.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { MAP } from "../route.ts";
import { Sparkline } from "../sparkline.tsx";
import { kindWord, sensingWord, stateWord, type Device } from "./page.tsx";

interface Score {
  readonly value?: number | null;
  readonly p95?: number | null;
  readonly of: number;
  readonly valid: boolean;
  readonly least?: number;
  readonly most?: number;
  readonly meets?: boolean | null;
}

type Scores = Readonly<Record<string, Score>>;

interface Told {
  readonly device: Device;
  readonly scored_us: number | null;
  readonly scorecard: Scores | null;
  readonly work: readonly { readonly rule: string; readonly name: Bilingual; readonly zh: string; readonly en: string; readonly since_us: number }[];
  readonly series: { readonly minutes: readonly { readonly t_us: number; readonly figures: Scores | null }[] };
  readonly episodes: readonly { readonly id: number; readonly name: Bilingual; readonly severity: string; readonly reason: string; readonly reason_zh: string; readonly opened_us: number; readonly open: boolean }[];
}

/** The figures that people judge a device by: what makes each its unit, the digits it is told with. */
const FIGURES = [
  ["completeness", 100, "%", 1], ["false", 100, "%", 1], ["position_m", 1, "m", 2], ["speed_mps", 1, "m/s", 2],
  ["heading_deg", 1, "°", 1], ["size_m", 1, "m", 2], ["delay_ms", 1, "ms", 0], ["rate_hz", 1, "Hz", 1], ["changes_per_min", 1, "", 2],
] as const;

const valueOf = (score: Score | undefined): number => score?.p95 ?? score?.value ?? NaN;

export function One({ picture, id }: { readonly picture: PageProps["picture"]; readonly id: string }) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const { data, refusal } = useAsked<Told>(`api/v1/devices/${id.split("/").map(encodeURIComponent).join("/")}`, 3000);
  const device = data?.device;
  const of = (measure: string, scale: number) => (data?.series.minutes ?? []).slice(-120).map((line) => {
    const score = line.figures?.[measure];
    return score?.valid === true ? valueOf(score) * scale : NaN;
  });
  const figures: Figure[] = device === undefined ? [] : [
    { key: "state", label: t("state"), value: device.state == null ? UNKNOWN : stateWord(d, device.state), tone: device.state === "online" ? "good" : device.state === "silent" ? "bad" : device.state === "late" ? "warn" : "" },
    { key: "rate", label: t("rate"), value: device.rates === undefined ? UNKNOWN : rate(lang, Object.values(device.rates).reduce((sum, each) => sum + each, 0)) },
    { key: "delay", label: t("delay"), value: device.delay_ms?.p50 == null ? UNKNOWN : `${number(lang, device.delay_ms.p50)} / ${number(lang, device.delay_ms.p99 ?? NaN)}`, unit: "ms" },
    { key: "heard", label: t("heard"), value: device.age_ms == null ? UNKNOWN : t("ago", { age: duration(lang, device.age_ms) }) },
  ];
  return (
    <Paper
      picture={picture}
      name="device"
      item={id}
      title={device === undefined ? id : name(device.name) || id}
      refusal={refusal}
      beside={
        <>
          <Link to={{ page: "other", name: "devices", item: "" }} class="desk-button">‹ {d("back")}</Link>
          {device?.x_m != null && device.y_m != null && (
            <Link to={{ ...MAP, at: [device.x_m, device.y_m] }} class="desk-button"><Icon name="follow" />{d("map")}</Link>
          )}
        </>
      }
    >
      {data === null || device === undefined ? <p class="empty">{d("loading")}</p> : (
        <>
          <Figures figures={figures} />
          <dl class="desk-facts">
            <div><dt>ID</dt><dd><code>{device.id}</code></dd></div>
            <div><dt>{t("kind")}</dt><dd>{kindWord(t, device.kind)}{(device.sensing ?? []).map((each) => ` · ${sensingWord(t, each)}`).join("")}</dd></div>
            <div><dt>{t("place")}</dt><dd>{device.lon === null || device.lat === null ? UNKNOWN : `${device.lon.toFixed(6)}, ${device.lat.toFixed(6)}`}</dd></div>
            <div><dt>{t("lost")}</dt><dd>{number(lang, device.lost ?? NaN)}</dd></div>
          </dl>
          {(device.kind === "rsu" || data.scorecard !== null) && (
            <section aria-label={t("scorecard")}>
              <h3>{t("scorecard")}{data.scored_us !== null && data.scored_us !== undefined && <small>{t("scorecard.of", { time: `${date(lang, data.scored_us / 1000)} ${timeOfDay(lang, data.scored_us / 1000)}` })}</small>}</h3>
              {data.scorecard === null ? <p class="empty">{t("scorecard.none")}</p> : (
                <Table
                  label={t("scorecard")}
                  testid="score"
                  rows={FIGURES.filter(([measure]) => data.scorecard?.[measure] !== undefined)}
                  id={([measure]) => measure}
                  columns={[
                    { head: t("figure"), cell: ([measure]) => t(measure) },
                    { head: t("value"), figure: true, cell: ([measure, scale, unit, digits]) => <>{number(lang, valueOf(data.scorecard?.[measure]) * scale, digits)} <small>{unit}</small></> },
                    { head: t("limit"), figure: true, cell: ([measure, scale, , digits]) => {
                      const score = data.scorecard?.[measure];
                      return score?.least !== undefined ? `≥ ${number(lang, score.least * scale, digits)}` : score?.most !== undefined ? `≤ ${number(lang, score.most * scale, digits)}` : UNKNOWN;
                    } },
                    { head: t("verdict"), cell: ([measure]) => {
                      const score = data.scorecard?.[measure];
                      if (score === undefined || !score.valid || score.meets == null) return <Mark of="unknown">{score?.valid === true ? UNKNOWN : t("few")}</Mark>;
                      return <Mark of={score.meets ? "ok" : "fault"}>{score.meets ? t("meets") : t("misses")}</Mark>;
                    } },
                    { head: t("samples"), figure: true, wide: true, cell: ([measure]) => number(lang, data.scorecard?.[measure]?.of ?? NaN) },
                    { head: t("hour"), wide: true, cell: ([measure, scale]) => <span class="desk-spark"><Sparkline values={of(measure, scale)} label={t(measure)} /></span> },
                  ]}
                />
              )}
            </section>
          )}
          <div class="desk-columns">
            <section aria-label={t("work")}>
              <h3>{t("work")}</h3>
              {data.work.length === 0 ? <p class="empty">{t("work.none")}</p> : (
                <ul class="desk-list">
                  {data.work.map((each) => <li key={each.rule}><Mark of="fault">{name(each.name)}</Mark><span>{each[lang]}</span></li>)}
                </ul>
              )}
            </section>
            <section aria-label={t("episodes")}>
              <h3>{t("episodes")}</h3>
              {data.episodes.length === 0 ? <p class="empty">{t("episodes.none")}</p> : (
                <ul class="desk-list">
                  {data.episodes.map((each) => (
                    <li key={each.id}><Mark of={each.open ? each.severity : "ended"}>{name(each.name)}</Mark><span>{lang === "zh" ? each.reason_zh : each.reason}</span><span class="desk-soft">{timeOfDay(lang, each.opened_us / 1000)}</span></li>
                  ))}
                </ul>
              )}
            </section>
          </div>
        </>
      )}
    </Paper>
  );
}
