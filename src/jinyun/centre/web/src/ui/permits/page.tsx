/** Permits (测试与示范许可): declarations and whether they stand, article by article; the catalogue of rules. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { number, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/supervision.ts";
import { useAsked } from "../desk/ask.ts";
import { Choice, Search } from "../desk/filters.tsx";
import { Mark } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes } from "../desk/query.ts";
import { wordOf, type Breach, type Breaches, type Declaration, type Papers } from "../desk/supervision.ts";
import { Table } from "../desk/table.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { go } from "../route.ts";

interface Rule {
  readonly id: string;
  readonly article: string;
  readonly zh: string;
  readonly en: string;
  readonly profile: Readonly<Record<string, { readonly value: number; readonly unit: string; readonly status: string }>>;
  readonly status: string;
}

/** What is wrong with a declaration, its vehicle or its driver. */
const of = (breaches: readonly Breach[], paper: Declaration): readonly Breach[] =>
  breaches.filter(({ subject }) => subject === paper.id || subject === paper.vin || subject === paper.driver);

export default function Permits({ picture, item }: PageProps) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q", "stage");
  const { data, refusal } = useAsked<Papers<Declaration>>("api/v1/supervision/papers/declaration", 0);
  const { data: found } = useAsked<Breaches>(refusal === null ? "api/v1/supervision/breaches" : null, 10_000);
  const { data: rules } = useAsked<{ readonly rules: readonly Rule[] }>(refusal === null ? "api/v1/supervision/rules" : null);
  const words = wishes["q"]!.toLowerCase();
  const rows = data === null ? null : data.papers
    .filter((row) => wishes["stage"] === "" || row.stage === wishes["stage"])
    .filter((row) => `${row.id} ${row.subject} ${row.vin} ${row.driver}`.toLowerCase().includes(words));
  const listed = (names: readonly string[]): string => names.join(lang === "zh" ? "、" : ", ") || UNKNOWN;
  const one = data?.papers.find((row) => row.id === item);
  const verdict = (row: Declaration) => {
    if (found === null) return UNKNOWN;
    const n = of(found.papers, row).length;
    return <Mark of={n === 0 ? "ok" : "fault"}>{n === 0 ? t("stands.yes") : t("stands.no", { n: number(lang, n) })}</Mark>;
  };
  return (
    <Paper
      picture={picture}
      name="permits"
      item={item}
      title={item === "" ? t("permits") : item}
      {...(item === "" ? { lead: t("permits.lead") } : {})}
      refusal={refusal}
      beside={item !== "" && <Link to={{ page: "other", name: "permits", item: "" }} class="desk-button">‹ {d("back")}</Link>}
    >
      {item === "" ? (
        <>
          <div class="desk-filters">
            <Search value={wishes["q"]!} change={(q) => change({ q })} label={d("search")} />
            <Choice label={t("stage")} testid="stage" value={wishes["stage"]!} options={[["", d("all")], ["test", t("stage.test")], ["demonstration", t("stage.demonstration")]]} change={(stage) => change({ stage })} />
          </div>
          <Table
            label={t("permits")}
            testid="permit"
            none={t("permits.none")}
            rows={rows}
            id={(row) => row.id}
            open={(row) => go({ page: "other", name: "permits", item: row.id })}
            columns={[
              { head: t("declaration"), cell: (row) => <span class="desk-name"><Link to={{ page: "other", name: "permits", item: row.id }} class="plain-link">{row.id}</Link><small>{wordOf(t, "stage", row.stage)}</small></span> },
              { head: t("subject"), cell: (row) => row.subject },
              { head: t("vehicle"), wide: true, cell: (row) => <code>{row.vin}</code> },
              { head: t("period"), wide: true, cell: (row) => <span class="desk-nowrap">{row.begins} – {row.ends}</span> },
              { head: t("plate"), wide: true, cell: (row) => row.plate_until ?? UNKNOWN },
              { head: t("roads"), figure: true, wide: true, cell: (row) => number(lang, row.roads.length) },
              { head: t("stands"), cell: verdict },
            ]}
          />
          <section aria-label={t("rules")}>
            <details class="shared">
              <summary>{t("rules")} · {t("rules.why")}</summary>
              <Table
                label={t("rules")}
                testid="rule"
                rows={rules?.rules ?? null}
                id={(rule) => rule.id}
                columns={[
                  { head: t("rule"), cell: (rule) => <span class="desk-name"><b>{name(rule)}</b><code>{rule.id}</code></span> },
                  { head: t("article"), cell: (rule) => rule.article },
                  { head: t("numbers"), wide: true, cell: (rule) => Object.values(rule.profile).map((each) => `${number(lang, each.value, Number.isInteger(each.value) ? 0 : 2)} ${each.unit}`).join("; ") || UNKNOWN },
                  { head: t("status"), cell: (rule) => <span class={`status status-${rule.status}`}>{rule.status}</span> },
                ]}
              />
            </details>
          </section>
        </>
      ) : one === undefined ? <p class="empty">{data === null ? d("loading") : t("permits.none")}</p> : (
        <>
          <p class="desk-more">{verdict(one)}</p>
          <dl class="desk-facts">
            <div><dt>{t("stage")}</dt><dd>{wordOf(t, "stage", one.stage)}</dd></div>
            <div><dt>{t("subject")}</dt><dd>{one.subject}</dd></div>
            <div><dt>{t("vehicle")}</dt><dd><code>{one.vin}</code></dd></div>
            <div><dt>{t("driver")}</dt><dd>{one.driver}</dd></div>
            <div><dt>{t("period")}</dt><dd>{one.begins} – {one.ends}</dd></div>
            <div><dt>{t("plate")}</dt><dd>{one.plate_until ?? UNKNOWN}</dd></div>
            <div><dt>{t("city")}</dt><dd>{one.city}</dd></div>
            <div><dt>{t("roads")}</dt><dd>{listed(one.roads.map((id) => data?.roads[id]?.[lang] ?? id))}</dd></div>
            <div><dt>{t("tested")}</dt><dd>{listed(one.items)}</dd></div>
          </dl>
          <section aria-label={t("faults")}>
            <h3>{t("faults")}</h3>
            <Table
              label={t("faults")}
              testid="fault"
              none={t("stands.yes")}
              rows={found === null ? null : of(found.papers, one)}
              id={(row) => `${row.rule} ${row.subject} ${row.field}`}
              columns={[
                { head: t("faults"), cell: (row) => name(row.reason) },
                { head: t("article"), cell: (row) => rules?.rules.find((rule) => rule.id === row.rule)?.article ?? UNKNOWN },
                { head: t("rule"), wide: true, cell: (row) => <code>{row.rule}</code> },
              ]}
            />
          </section>
        </>
      )}
    </Paper>
  );
}
