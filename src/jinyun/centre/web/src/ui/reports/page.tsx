/** Reports (报告): the table of a period, and the same as a workbook and as a page. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { number, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/supervision.ts";
import { address } from "../../live/zone.ts";
import type { Bilingual } from "../../wire/frame.ts";
import { useAsked } from "../desk/ask.ts";
import { Choice } from "../desk/filters.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes, withWishes } from "../desk/query.ts";
import { wordOf } from "../desk/supervision.ts";
import { Table } from "../desk/table.tsx";
import type { PageProps } from "../pages.ts";

interface Row {
  readonly declaration: string;
  readonly stage: string;
  readonly subject: string;
  readonly vehicle: string;
  readonly automated_h: number;
  readonly automated_km: number;
  readonly manual_h: number;
  readonly manual_km: number;
  readonly takeovers: number;
  readonly disengagements: number;
  readonly takeovers_per_1000_km: number | null;
  readonly disengagements_per_1000_km: number | null;
  readonly offences: number;
  readonly accidents: number;
  readonly accidents_at_fault: number;
}

type Half = readonly [first: string, last: string];

function halves(): readonly (readonly [key: string, half: Half, word: "preset.first" | "preset.second", year: number])[] {
  const now = new Date();
  const found = [];
  for (let k = 0; k < 4; k += 1) {
    const at = now.getFullYear() * 2 + (now.getMonth() < 6 ? 0 : 1) - k;
    const [year, second] = [Math.floor(at / 2), at % 2 === 1];
    const half: Half = second ? [`${year}-07-01`, `${year}-12-31`] : [`${year}-01-01`, `${year}-06-30`];
    found.push([`${half[0]}/${half[1]}`, half, second ? "preset.second" : "preset.first", year] as const);
  }
  return found;
}

export default function Reports({ picture }: PageProps) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("first", "last");
  const presets = halves();
  const first = wishes["first"] || presets[0]![1][0];
  const last = wishes["last"] || presets[0]![1][1];
  const whole = /^\d{4}-\d\d-\d\d$/;
  const good = whole.test(first) && whole.test(last) && first <= last;
  const { data, refusal } = useAsked<{ readonly title: Bilingual; readonly rows: readonly Row[] }>(good ? withWishes("api/v1/supervision/report", { first, last }) : null);
  const link = (form: string): string => address(withWishes("api/v1/supervision/report", { first, last, form, language: lang })).href;
  const both = (h: number, km: number): string => `${number(lang, h, 1)} / ${number(lang, km, 1)}`;
  const rated = (count: number, per: number | null): string => `${number(lang, count)}${per === null ? "" : ` (${number(lang, per, 2)})`}`;
  return (
    <Paper
      picture={picture}
      name="reports"
      title={t("reports")}
      lead={t("reports.lead")}
      refusal={refusal}
      beside={
        refusal === null && (
          <>
            <a class="desk-button" data-testid="xlsx" href={link("xlsx")} download>{d("export")} XLSX</a>
            <a class="desk-button" href={link("html")} target="_blank" rel="noopener">HTML</a>
          </>
        )
      }
    >
      <div class="desk-filters">
        <Choice
          label={t("preset")}
          testid="preset"
          value={presets.find(([, half]) => half[0] === first && half[1] === last)?.[0] ?? ""}
          options={[...presets.map(([key, , word, year]) => [key, t(word, { year })] as const), ["", t("preset.own")]]}
          change={(key) => {
            const [from, to] = key.split("/");
            if (from !== undefined && to !== undefined) change({ first: from, last: to });
          }}
        />
        <label class="desk-field"><span class="desk-soft">{t("from")}</span><input type="date" value={first} data-testid="first" onChange={(event) => change({ first: event.currentTarget.value })} /></label>
        <label class="desk-field"><span class="desk-soft">{t("to")}</span><input type="date" value={last} onChange={(event) => change({ last: event.currentTarget.value })} /></label>
      </div>
      {data !== null && <p class="desk-lead" data-testid="report-title">{name(data.title)}</p>}
      <section aria-label={t("reports")}>
        <Table
          label={t("reports")}
          testid="report-row"
          none={t("reports.none")}
          rows={data?.rows ?? null}
          id={(row) => `${row.declaration} ${row.vehicle}`}
          columns={[
            { head: t("declaration"), cell: (row) => <span class="desk-name"><b>{row.declaration || UNKNOWN}</b><small>{row.stage === "" ? UNKNOWN : wordOf(t, "stage", row.stage)}</small></span> },
            { head: t("vehicle"), cell: (row) => <span class="desk-name"><code>{row.vehicle}</code><small>{row.subject || UNKNOWN}</small></span> },
            { head: t("automated"), figure: true, cell: (row) => both(row.automated_h, row.automated_km) },
            { head: t("manual"), figure: true, wide: true, cell: (row) => both(row.manual_h, row.manual_km) },
            { head: t("takeovers"), figure: true, cell: (row) => rated(row.takeovers, row.takeovers_per_1000_km) },
            { head: t("disengagements"), figure: true, wide: true, cell: (row) => rated(row.disengagements, row.disengagements_per_1000_km) },
            { head: t("offences"), figure: true, wide: true, cell: (row) => number(lang, row.offences) },
            { head: t("accidents"), figure: true, wide: true, cell: (row) => `${number(lang, row.accidents)} / ${number(lang, row.accidents_at_fault)}` },
          ]}
        />
      </section>
      <p class="desk-lead"><small>{t("definition")}</small></p>
    </Paper>
  );
}
