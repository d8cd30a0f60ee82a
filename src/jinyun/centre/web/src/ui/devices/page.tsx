/** Sites and devices (点位与设备): a list to search, and of each one what it says, how good that is and what stands. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { WORDS } from "../../i18n/devices.ts";
import { duration, number, rate, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { address } from "../../live/zone.ts";
import type { Bilingual } from "../../wire/frame.ts";
import { useAsked } from "../desk/ask.ts";
import { Choice, Search } from "../desk/filters.tsx";
import { Figures, Mark } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes, withWishes } from "../desk/query.ts";
import { Pager, Table } from "../desk/table.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { go, MAP } from "../route.ts";
import { One } from "./one.tsx";

export interface Device {
  readonly id: string;
  readonly kind: string;
  readonly name: Bilingual;
  readonly state: string | null;
  readonly lon: number | null;
  readonly lat: number | null;
  readonly x_m?: number | null;
  readonly y_m?: number | null;
  readonly rates?: Readonly<Record<string, number>>;
  readonly age_ms?: number | null;
  readonly lost?: number;
  readonly delay_ms?: { readonly p50: number | null; readonly p99: number | null };
  /** what kinds of sensors it has */
  readonly sensing?: readonly string[];
  readonly clock_offset_ms?: number | null;
  readonly refused?: number;
  readonly duplicate?: number;
}

interface Listed {
  readonly devices: readonly Device[];
  readonly next: string | null;
  readonly total: number;
  readonly states: Readonly<Record<string, number>>;
  readonly kinds: readonly string[];
}

export const STATES = ["online", "late", "silent", "unknown"] as const;

export function kindWord(t: (word: keyof typeof WORDS) => string, kind: string): string {
  const key = `kind.${kind}` as keyof typeof WORDS;
  return key in WORDS ? t(key) : kind;
}

export function sensingWord(t: (word: keyof typeof WORDS) => string, source: string): string {
  const key = `sensing.${source}` as keyof typeof WORDS;
  return key in WORDS ? t(key) : source;
}

export function stateWord(t: (word: keyof typeof DESK) => string, state: string): string {
  const known = STATES.find((each) => each === state);
  return known === undefined ? state : t(`state.${known}`);
}

export default function Devices({ picture, item }: PageProps) {
  return item === "" ? <All picture={picture} /> : <One picture={picture} id={item.replace("~", "/")} />;
}

function All({ picture }: { readonly picture: PageProps["picture"] }) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q", "kind", "state", "cursor");
  const { data, refusal } = useAsked<Listed>(withWishes("api/v1/devices", { ...wishes, limit: "50" }), 2000);
  const exported = (format: string): string => address(withWishes("api/v1/devices", { ...wishes, cursor: "", limit: "1000", format })).href;
  const share = (n: number): string => (data === null ? UNKNOWN : number(lang, n));
  return (
    <Paper
      picture={picture}
      name="devices"
      title={t("title")}
      lead={t("lead")}
      refusal={refusal}
      beside={(["csv", "geojson", "parquet"] as const).map((format) => (
        <a key={format} class="desk-button" href={exported(format)} download={`devices.${format}`}>{d("export")} {format.toUpperCase()}</a>
      ))}
    >
      <Figures
        figures={STATES.map((state) => ({
          key: state,
          label: d(`state.${state}`),
          value: share(data?.states[state] ?? 0),
          tone: state === "online" ? "good" : state === "silent" && (data?.states[state] ?? 0) > 0 ? "bad" : state === "late" && (data?.states[state] ?? 0) > 0 ? "warn" : "",
        }))}
      />
      <div class="desk-filters">
        <Search value={wishes["q"]!} change={(q) => change({ q })} label={d("search")} />
        <Choice
          label={t("kind")}
          testid="kind"
          value={wishes["kind"]!}
          options={[["", d("all")], ...(data?.kinds ?? []).map((kind) => [kind, kindWord(t, kind)] as const)]}
          change={(kind) => change({ kind })}
        />
        <Choice
          label={t("state")}
          testid="state"
          value={wishes["state"]!}
          options={[["", d("all")], ...STATES.map((state) => [state, d(`state.${state}`)] as const)]}
          change={(state) => change({ state })}
        />
      </div>
      <Table
        label={t("title")}
        testid="device"
        rows={data?.devices ?? null}
        id={(row) => row.id}
        open={(row) => go({ page: "other", name: "devices", item: row.id.replace("/", "~") })}
        columns={[
          {
            head: t("name"),
            cell: (row) => (
              <span class="desk-name">
                <Link to={{ page: "other", name: "devices", item: row.id.replace("/", "~") }} class="plain-link">{name(row.name) || row.id}</Link>
                <code>{row.id}</code>
              </span>
            ),
          },
          { head: t("kind"), wide: true, cell: (row) => kindWord(t, row.kind) },
          { head: t("state"), cell: (row) => (row.state === null || row.state === undefined ? UNKNOWN : <Mark of={row.state}>{stateWord(d, row.state)}</Mark>) },
          { head: t("rate"), figure: true, cell: (row) => (row.rates === undefined ? UNKNOWN : rate(lang, Object.values(row.rates).reduce((sum, each) => sum + each, 0))) },
          { head: t("delay"), figure: true, wide: true, cell: (row) => (row.delay_ms?.p50 == null ? UNKNOWN : `${number(lang, row.delay_ms.p50)} / ${number(lang, row.delay_ms.p99 ?? NaN)} ms`) },
          { head: t("lost"), figure: true, wide: true, cell: (row) => number(lang, row.lost ?? NaN) },
          { head: t("heard"), figure: true, wide: true, cell: (row) => (row.age_ms == null ? UNKNOWN : t("ago", { age: duration(lang, row.age_ms) })) },
          {
            head: d("map"),
            wide: true,
            cell: (row) =>
              row.x_m == null || row.y_m == null ? null : (
                <Link to={{ ...MAP, at: [row.x_m, row.y_m] }} class="plain-link" label={d("map")}>{number(lang, row.x_m)}, {number(lang, row.y_m)}</Link>
              ),
          },
        ]}
      />
      <Pager cursor={wishes["cursor"]!} next={data?.next ?? null} go={(cursor) => change({ cursor })} total={d("total", { n: number(lang, data?.total ?? NaN) })} />
    </Paper>
  );
}

