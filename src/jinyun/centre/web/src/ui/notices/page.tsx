/** Notices (通知): what waits for somebody, acknowledged with one press. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { date, number, timeOfDay } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { textOf, titleOf, WORDS } from "../../i18n/notices.ts";
import { WORDS as NOTICING } from "../../i18n/noticing.ts";
import { ask, useAsked } from "../desk/ask.ts";
import { Choice, Search } from "../desk/filters.tsx";
import { Mark } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes, withWishes } from "../desk/query.ts";
import { Pager, Table } from "../desk/table.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { Settings } from "./settings.tsx";

interface Notice {
  readonly id: number;
  readonly state: "open" | "acknowledged" | "ended";
  readonly severity: string;
  readonly title: string;
  readonly text: string;
  readonly opened_us: number;
  readonly count: number;
  readonly acknowledged_by: string | null;
  readonly escalated_us: number | null;
  readonly sent: Readonly<Record<string, { readonly state: string; readonly why: string }>>;
}

const STATES = ["open", "acknowledged", "ended"] as const;

export default function Notices({ picture, item }: PageProps) {
  return item === "rules" ? <Settings picture={picture} /> : <All picture={picture} />;
}

function All({ picture }: { readonly picture: PageProps["picture"] }) {
  const { t: n } = useWords(NOTICING);
  const { t, lang } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q", "state", "cursor");
  const { data, refusal, again } = useAsked<{ readonly notices: readonly Notice[]; readonly open: number; readonly next: string | null }>(
    withWishes("api/v1/notices", { ...wishes, limit: "50" }), 3000,
  );
  const severity = (each: string): string => (each === "fault" || each === "warning" || each === "info" ? d(`severity.${each}`) : each);
  return (
    <Paper
      picture={picture}
      name="notices"
      title={t("title")}
      lead={t("lead")}
      refusal={refusal}
      beside={
        <>
          {data !== null && <Mark of={data.open > 0 ? "open" : "ok"}>{t("waiting", { n: number(lang, data.open) })}</Mark>}
          <Link to={{ page: "other", name: "notices", item: "rules" }} class="desk-button" testid="to-rules">{n("open")}</Link>
        </>
      }
    >
      <div class="desk-filters">
        <Search value={wishes["q"]!} change={(q) => change({ q })} label={d("search")} />
        <Choice label={t("state")} testid="state" value={wishes["state"]!} options={[["", d("all")], ...STATES.map((each) => [each, t(`state.${each}`)] as const)]} change={(state) => change({ state })} />
      </div>
      <Table
        label={t("title")}
        testid="notice"
        rows={data?.notices ?? null}
        none={t("none")}
        id={(row) => String(row.id)}
        mark={(row) => row.state}
        columns={[
          { head: t("severity"), cell: (row) => <Mark of={row.state === "ended" ? "ended" : row.severity}>{severity(row.severity)}</Mark> },
          { head: t("what"), cell: (row) => <span class="desk-name"><b>{titleOf(lang, row.title)}</b><small>{textOf(lang, row.text)}</small></span> },
          { head: t("since"), cell: (row) => <span class="desk-name"><span>{timeOfDay(lang, row.opened_us / 1000)}</span><small>{date(lang, row.opened_us / 1000)}</small></span> },
          { head: t("times"), figure: true, wide: true, cell: (row) => number(lang, row.count) },
          { head: t("sent"), wide: true, cell: (row) => (Object.keys(row.sent).length === 0 ? <span class="desk-soft">{t("sent.none")}</span> : Object.entries(row.sent).map(([channel, each]) => <Mark key={channel} of={each.state}>{channel}</Mark>)) },
          {
            head: t("state"),
            cell: (row) =>
              row.state === "open" ? (
                <button type="button" class="desk-button" data-testid="acknowledge" onClick={() => void ask(`api/v1/notices/${row.id}/acknowledgement`, "POST").then(again, again)}>{t("answer")}</button>
              ) : (
                <span class="desk-name"><Mark of={row.state}>{t(`state.${row.state}`)}</Mark>{row.acknowledged_by !== null && <small>{t("by", { who: row.acknowledged_by })}</small>}{row.escalated_us !== null && <small>{t("rose")}</small>}</span>
              ),
          },
        ]}
      />
      <Pager cursor={wishes["cursor"]!} next={data?.next ?? null} go={(cursor) => change({ cursor })} />
    </Paper>
  );
}
