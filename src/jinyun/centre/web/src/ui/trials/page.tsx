/** The proving ground (测试·评价·准入): runs, their verdicts, an item's cases, and a case replayed. */

import { useState } from "preact/hooks";
import { date, number, timeOfDay } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/trials.ts";
import { useAsked } from "../desk/ask.ts";
import { Figures, Mark } from "../desk/figures.tsx";
import { Choice } from "../desk/filters.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes } from "../desk/query.ts";
import { Table } from "../desk/table.tsx";
import type { PageProps } from "../pages.ts";
import { Replay } from "./replay.tsx";
import type { Case, Outcome, Run, Summary } from "./told.ts";
import "../styles/trials.css";

const TONE: Readonly<Record<Outcome, string>> = { pass: "ok", fail: "fault", invalid: "warning" };

export default function Trials({ picture }: PageProps) {
  const { t } = useWords(WORDS);
  const [wishes, change] = useWishes("run", "item", "case", "outcome");
  const run = wishes["run"]!, item = wishes["item"]!, chosen = wishes["case"]!;
  const back = chosen !== "" ? { case: "" } : item !== "" ? { item: "", case: "" } : { run: "", item: "", case: "" };
  const { data: runs, refusal } = useAsked<{ readonly runs: readonly Run[] }>(run === "" ? "api/v1/trials" : null, 10_000);
  return (
    <Paper
      picture={picture}
      name="trials"
      title={t("title")}
      lead={t("lead")}
      refusal={refusal}
      item={`${run}/${item}/${chosen}`}
      beside={run !== "" && <button type="button" class="desk-button" data-testid="back" onClick={() => change(back)}>{t("back")}</button>}
    >
      {run === "" ? (
        <Runs runs={runs?.runs ?? null} open={(name) => change({ run: name })} />
      ) : item === "" ? (
        <Verdicts run={run} outcome={wishes["outcome"]!} show={(outcome) => change({ outcome })} open={(id) => change({ item: id })} />
      ) : chosen === "" ? (
        <Cases run={run} item={item} open={(id) => change({ case: id })} />
      ) : (
        <Replay run={run} id={chosen} />
      )}
    </Paper>
  );
}

function Runs({ runs, open }: { readonly runs: readonly Run[] | null; readonly open: (name: string) => void }) {
  const { t, lang } = useWords(WORDS);
  return (
    <Table
      label={t("runs")}
      testid="run"
      rows={runs}
      none={t("none")}
      id={(row) => row.name}
      open={(row) => open(row.name)}
      columns={[
        { head: t("runs"), cell: (row) => <span class="desk-name"><b>{row.name}</b><small>{row.profile}</small></span> },
        { head: t("driver"), cell: (row) => <span class="desk-name"><b>{row.driver}</b><small>{row.version}</small></span> },
        { head: t("when"), cell: (row) => <span class="desk-name"><b>{timeOfDay(lang, row.t_s * 1000)}</b><small>{date(lang, row.t_s * 1000)}</small></span> },
        { head: t("items"), figure: true, cell: (row) => `${row.items_passed}/${row.items}` },
        { head: t("cases"), figure: true, cell: (row) => `${number(lang, row.passed)}/${number(lang, row.cases)}` },
        { head: t("fail"), figure: true, wide: true, cell: (row) => number(lang, row.failed) },
        { head: t("invalid"), figure: true, wide: true, cell: (row) => number(lang, row.invalid) },
      ]}
    />
  );
}

interface VerdictsProps {
  readonly run: string;
  readonly outcome: string;
  readonly show: (outcome: string) => void;
  readonly open: (id: string) => void;
}

function Verdicts({ run, outcome, show, open }: VerdictsProps) {
  const { t, lang } = useWords(WORDS);
  const { data } = useAsked<Summary>(`api/v1/trials/${run}`);
  if (data === null) return <Table label={t("items")} rows={null} columns={[]} id={() => ""} />;
  const rows = data.items.filter((one) => outcome === "" || one.outcome === outcome);
  return (
    <>
      <Figures
        figures={[
          { key: "passed", label: t("pass"), value: number(lang, data.passed), tone: "good" },
          { key: "failed", label: t("fail"), value: number(lang, data.failed), tone: data.failed > 0 ? "bad" : "" },
          { key: "invalid", label: t("invalid"), value: number(lang, data.invalid), tone: data.invalid > 0 ? "warn" : "" },
          ...data.score.map((one) => ({ key: one.sheet, label: one.sheet, value: `${one.passed}/${one.items}` })),
        ]}
      />
      <p class="desk-soft">{t("domain")}</p>
      <ul class="trial-domain">
        {data.domain.map((one) => <li key={one.element}>{one.element} <b>{one.passed}/{one.items}</b></li>)}
      </ul>
      <div class="desk-filters">
        <Choice label={t("outcome")} testid="outcome" value={outcome} options={[["", t("all")], ["pass", t("pass")], ["fail", t("fail")], ["invalid", t("invalid")]]} change={show} />
      </div>
      <Table
        label={t("items")}
        testid="item"
        rows={rows}
        id={(row) => row.id}
        open={(row) => open(row.id)}
        columns={[
          { head: t("item"), cell: (row) => <span class="desk-name"><b>{row[lang]}</b><small>{row.id}</small></span> },
          { head: t("clause"), wide: true, cell: (row) => <span class="desk-name"><b>{row.document}</b><small>{row.clause}</small></span> },
          { head: t("limits"), wide: true, cell: (row) => t(`limits.${row.limits}`) },
          { head: t("cases"), figure: true, cell: (row) => `${row.passed}/${row.cases}` },
          { head: t("outcome"), cell: (row) => <Mark of={TONE[row.outcome]}>{t(row.outcome)}</Mark> },
          { head: t("why"), wide: true, cell: (row) => row.why.slice(0, 2).map((rule) => rule[lang]).join("；") },
        ]}
      />
    </>
  );
}

function Cases({ run, item, open }: { readonly run: string; readonly item: string; readonly open: (id: string) => void }) {
  const { t, lang } = useWords(WORDS);
  const { data } = useAsked<{ readonly cases: readonly Case[] }>(`api/v1/trials/${run}/cases?item=${item}`);
  const [only] = useState(item);
  return (
    <>
      <p class="desk-soft">{only}</p>
      <Table
        label={t("cases")}
        testid="case"
        rows={data?.cases ?? null}
        id={(row) => row.case}
        open={(row) => open(row.case)}
        columns={[
          { head: t("cases"), cell: (row) => row.case.split("/")[1] },
          { head: t("values"), cell: (row) => Object.entries(row.values).map(([key, value]) => `${key} ${value}`).join(" · ") },
          { head: t("outcome"), cell: (row) => <Mark of={TONE[row.outcome]}>{t(row.outcome)}</Mark> },
          { head: t("why"), cell: (row) => row.error ?? row.rules.filter((rule) => rule.outcome !== "pass").map((rule) => rule[lang]).join("；") },
          { head: t("competent"), wide: true, cell: (row) => (row.competent === undefined ? "" : Object.entries(row.competent).map(([model, outcome]) => `${model} ${t(outcome)}`).join(" · ")) },
        ]}
      />
    </>
  );
}
