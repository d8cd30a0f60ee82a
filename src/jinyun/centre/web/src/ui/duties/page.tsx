/** Duties (义务与期限): every clock that runs, the next first, with the time that is left. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { dueDate, dueTime, duration, number } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/supervision.ts";
import { useAsked } from "../desk/ask.ts";
import { Choice, Search } from "../desk/filters.tsx";
import { Figures, Mark } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes } from "../desk/query.ts";
import { Table } from "../desk/table.tsx";
import type { PageProps } from "../pages.ts";

interface Duty {
  readonly rule: string;
  readonly what: string;
  readonly subject: string;
  readonly since: string;
  readonly due: string;
  readonly done: string | null;
  readonly state: "open" | "near" | "late" | "done";
  readonly verified: boolean;
  readonly zh: string;
  readonly en: string;
  readonly left_s: number;
}

const STATES = ["late", "near", "open", "done"] as const;
const TONE = { late: "fault", near: "warning", open: "info", done: "ok" } as const;

export default function Duties({ picture }: PageProps) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q", "state");
  const { data, refusal } = useAsked<{ readonly duties: readonly Duty[]; readonly calendar: readonly { readonly year: number; readonly number: string }[] }>("api/v1/supervision/duties", 5000);
  const words = wishes["q"]!.toLowerCase();
  const all = data?.duties ?? [];
  const rows = data === null ? null : all
    .filter((row) => wishes["state"] === "" || row.state === wishes["state"])
    .filter((row) => `${row.zh} ${row.en} ${row.subject} ${row.rule}`.toLowerCase().includes(words));
  const count = (state: string): number => all.filter((row) => row.state === state).length;
  const left = (row: Duty): string => {
    if (row.done !== null) return "";
    return row.left_s < 0 ? t("late.by", { age: duration(lang, -row.left_s * 1000) }) : duration(lang, row.left_s * 1000);
  };
  return (
    <Paper picture={picture} name="duties" title={t("duties")} lead={t("duties.lead")} refusal={refusal}>
      <Figures figures={STATES.map((state) => ({ key: state, label: t(`duty.${state}`), value: data === null ? "–" : number(lang, count(state)), tone: count(state) === 0 ? "" as const : state === "late" ? "bad" as const : state === "near" ? "warn" as const : "" as const }))} />
      <div class="desk-filters">
        <Search value={wishes["q"]!} change={(q) => change({ q })} label={d("search")} />
        <Choice label={t("status")} testid="state" value={wishes["state"]!} options={[["", d("all")], ...STATES.map((state) => [state, t(`duty.${state}`)] as const)]} change={(state) => change({ state })} />
      </div>
      <Table
        label={t("duties")}
        testid="duty"
        none={t("duties.none")}
        rows={rows}
        mark={(row) => row.state}
        id={(row) => `${row.what} ${row.subject} ${row.due}`}
        columns={[
          { head: t("status"), cell: (row) => <Mark of={TONE[row.state]}>{t(`duty.${row.state}`)}</Mark> },
          { head: t("duty"), cell: (row) => <span class="desk-name"><b>{name(row)}</b><small>{row.subject === "authority" ? t("authority") : row.subject}</small></span> },
          { head: t("due"), cell: (row) => <span class="desk-name"><span>{dueDate(lang, row.due)}</span><small>{dueTime(lang, row.due)}{row.verified ? "" : ` · ${t("unverified")}`}</small></span> },
          { head: t("left"), figure: true, cell: (row) => <span class={row.state === "late" ? "desk-misses" : ""}>{left(row)}</span> },
          { head: t("rule"), wide: true, cell: (row) => <code>{row.rule}</code> },
        ]}
      />
      <p class="desk-soft desk-more" data-testid="calendar">{t("calendar", { years: (data?.calendar ?? []).map(({ year, number: notice }) => (notice === "" ? `${year}` : `${year} ${notice}`)).join(lang === "zh" ? "、" : ", ") || "–" })}</p>
    </Paper>
  );
}
