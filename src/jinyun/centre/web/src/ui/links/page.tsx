/** Links (网络与链路): every source's link by the account that the live channel brings, the worst first; hops and processes. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { duration, number, rate, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/links.ts";
import { useAsked } from "../desk/ask.ts";
import { Choice, Search } from "../desk/filters.tsx";
import { Figures, Mark } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes } from "../desk/query.ts";
import { Table } from "../desk/table.tsx";
import { STATES, stateWord } from "../devices/page.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";

interface Source {
  readonly id: string;
  readonly kind: string;
  readonly zh: string;
  readonly en: string;
  readonly state: string;
  readonly rates: Readonly<Record<string, number>>;
  readonly age_ms: number | null;
  readonly clock_offset_ms: number | null;
  readonly lost?: number;
  readonly duplicate?: number;
  readonly refused?: number;
  readonly longest_gap_ms?: Readonly<Record<string, number>>;
  readonly delay_ms?: { readonly p50: number | null; readonly p99: number | null };
}

interface Percentiles {
  readonly p50: number | null;
  readonly p99: number | null;
}

interface Account {
  readonly rates?: Readonly<Record<string, number>>;
  readonly lost?: number;
  readonly latency_ms?: Percentiles;
  readonly hops_ms?: Readonly<Record<string, Percentiles>>;
  readonly devices?: readonly Source[];
  readonly parts?: readonly { readonly name: string; readonly state: string; readonly restarts: number }[];
}

/** The order of states in which trouble comes first. */
const TROUBLE = ["silent", "late", "unknown", "online"];
const sum = (values: Readonly<Record<string, number>> = {}): number => Object.values(values).reduce((all, each) => all + each, 0);
const longest = (source: Source): number => Math.max(-1, ...Object.values(source.longest_gap_ms ?? {}));

export default function Links({ picture }: PageProps) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q", "state");
  const { data, refusal } = useAsked<Account>("api/v1/status", 1000);
  const words = wishes["q"]!.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const rows = data === null ? null : [...(data.devices ?? [])]
    .filter((source) => wishes["state"] === "" || source.state === wishes["state"])
    .filter((source) => words.every((word) => `${source.kind}/${source.id} ${source.zh} ${source.en}`.toLowerCase().includes(word)))
    .sort((a, b) => TROUBLE.indexOf(a.state) - TROUBLE.indexOf(b.state) || (b.delay_ms?.p99 ?? -1) - (a.delay_ms?.p99 ?? -1) || a.id.localeCompare(b.id));
  const ms = (value: number | null | undefined): string => (value == null ? UNKNOWN : number(lang, value, value < 10 ? 1 : 0));
  return (
    <Paper picture={picture} name="links" title={t("title")} lead={t("lead")} refusal={refusal}>
      <Figures
        figures={[
          { key: "p50", label: t("path"), value: ms(data?.latency_ms?.p50), unit: "ms" },
          { key: "p99", label: t("p99"), value: ms(data?.latency_ms?.p99), unit: "ms" },
          { key: "received", label: t("received"), value: data === null ? UNKNOWN : rate(lang, sum(data.rates)) },
          { key: "lost", label: t("lost"), value: number(lang, data?.lost ?? NaN), tone: (data?.lost ?? 0) > 0 ? "warn" : "" },
        ]}
      />
      <div class="desk-columns">
        <section aria-label={t("hops")}>
          <h3>{t("hops")}</h3>
          <Table
            label={t("hops")}
            rows={Object.entries(data?.hops_ms ?? {})}
            id={([hop]) => hop}
            columns={[
              { head: t("hop"), cell: ([hop]) => (`hop.${hop}` in WORDS ? t(`hop.${hop}` as keyof typeof WORDS) : hop) },
              { head: "p50", figure: true, cell: ([, told]) => `${ms(told.p50)} ms` },
              { head: "p99", figure: true, cell: ([, told]) => `${ms(told.p99)} ms` },
            ]}
          />
        </section>
        <section aria-label={t("parts")}>
          <h3>{t("parts")}</h3>
          <Table
            label={t("parts")}
            rows={data?.parts ?? []}
            id={(part) => part.name}
            columns={[
              { head: t("part"), cell: (part) => part.name },
              { head: t("state"), cell: (part) => <Mark of={part.state === "up" || part.state === "running" ? "online" : part.state}>{part.state}</Mark> },
              { head: t("restarts"), figure: true, cell: (part) => number(lang, part.restarts) },
            ]}
          />
        </section>
      </div>
      <section aria-label={t("sources")}>
        <h3>{t("sources")}<small>{t("worst")}</small></h3>
        <div class="desk-filters">
          <Search value={wishes["q"]!} change={(q) => change({ q })} label={d("search")} />
          <Choice label={t("state")} testid="state" value={wishes["state"]!} options={[["", d("all")], ...STATES.map((state) => [state, d(`state.${state}`)] as const)]} change={(state) => change({ state })} />
        </div>
        <Table
          label={t("sources")}
          testid="link"
          rows={rows}
          id={(source) => `${source.kind}/${source.id}`}
          columns={[
            {
              head: t("source"),
              cell: (source) => (
                <span class="desk-name">
                  {source.kind === "obu-group" ? <b>{name(source)}</b> : <Link to={{ page: "other", name: "devices", item: `${source.kind}~${source.id}` }} class="plain-link">{name(source)}</Link>}
                  <code>{source.kind}/{source.id}</code>
                </span>
              ),
            },
            { head: t("state"), cell: (source) => <Mark of={source.state}>{stateWord(d, source.state)}</Mark> },
            { head: t("rates"), wide: true, cell: (source) => Object.entries(source.rates).filter(([, hz]) => hz > 0).map(([kind, hz]) => `${kind} ${rate(lang, hz)}`).join(" · ") || UNKNOWN },
            { head: t("delay"), figure: true, cell: (source) => (source.delay_ms?.p50 == null ? UNKNOWN : `${ms(source.delay_ms.p50)} / ${ms(source.delay_ms.p99)} ms`) },
            { head: t("gap"), figure: true, wide: true, cell: (source) => (longest(source) < 0 ? UNKNOWN : duration(lang, longest(source))) },
            { head: t("lost"), figure: true, cell: (source) => number(lang, source.lost ?? NaN) },
            { head: t("duplicate"), figure: true, wide: true, cell: (source) => number(lang, source.duplicate ?? NaN) },
            { head: t("refused"), figure: true, wide: true, cell: (source) => number(lang, source.refused ?? NaN) },
            { head: t("clock"), figure: true, wide: true, cell: (source) => (source.clock_offset_ms == null ? UNKNOWN : `${number(lang, source.clock_offset_ms, 1)} ms`) },
          ]}
        />
      </section>
    </Paper>
  );
}
