/** Events (事件与证据): what asks to be looked at, the newest first; of one what its sealed pack holds. */

import { WORDS as DESK } from "../../i18n/desk.ts";
import { date, number, timeOfDay, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/supervision.ts";
import { useAsked } from "../desk/ask.ts";
import { Choice, Search } from "../desk/filters.tsx";
import { Mark } from "../desk/figures.tsx";
import { Paper } from "../desk/paper.tsx";
import { useWishes, withWishes } from "../desk/query.ts";
import type { Event } from "../desk/supervision.ts";
import { Pager, Table } from "../desk/table.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { go } from "../route.ts";
import { One } from "./one.tsx";

interface Listed {
  readonly events: readonly Event[];
  readonly kinds: readonly { readonly id: string; readonly zh: string; readonly en: string }[];
  readonly next: number | null;
}

export default function Events({ picture, item }: PageProps) {
  return item === "" ? <All picture={picture} /> : <One picture={picture} id={item} />;
}

function All({ picture }: { readonly picture: PageProps["picture"] }) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q", "kind", "cursor");
  const { data, refusal } = useAsked<Listed>(
    withWishes("api/v1/events", { kind: wishes["kind"]!, before_us: wishes["cursor"]!, most: "100" }), wishes["cursor"] === "" ? 3000 : 0,
  );
  const words = wishes["q"]!.toLowerCase();
  const rows = data === null ? null : data.events.filter((row) => `${row.id} ${row.zh} ${row.en} ${row.vehicle}`.toLowerCase().includes(words));
  return (
    <Paper picture={picture} name="events" title={t("events")} lead={t("events.lead")} refusal={refusal}>
      <div class="desk-filters">
        <Search value={wishes["q"]!} change={(q) => change({ q, cursor: wishes["cursor"]! })} label={d("search")} />
        <Choice label={t("kind")} testid="kind" value={wishes["kind"]!} options={[["", d("all")], ...(data?.kinds ?? []).map((kind) => [kind.id, name(kind)] as const)]} change={(kind) => change({ kind })} />
      </div>
      <Table
        label={t("events")}
        testid="event"
        none={t("events.none")}
        rows={rows}
        id={(row) => row.id}
        open={(row) => go({ page: "other", name: "events", item: row.id })}
        columns={[
          { head: t("time"), cell: (row) => <span class="desk-name"><Link to={{ page: "other", name: "events", item: row.id }} class="plain-link">{timeOfDay(lang, row.t_us / 1000)}</Link><small>{date(lang, row.t_us / 1000)}</small></span> },
          { head: t("kind"), cell: (row) => <Mark of={row.severity}>{name(row.name)}</Mark> },
          { head: t("event"), cell: (row) => name(row) },
          { head: t("who"), wide: true, cell: (row) => row.vehicle || row.tracks.map((id) => t("track", { id })).join(" · ") || UNKNOWN },
          { head: t("pack"), cell: (row) => <Mark of={row.pack === null ? "unknown" : "ok"}>{t(row.pack === null ? "pack.none" : "pack.made")}</Mark> },
        ]}
      />
      <Pager cursor={wishes["cursor"]!} next={data?.next == null ? null : String(data.next)} go={(cursor) => change({ cursor })} total={data === null ? "" : d("total", { n: number(lang, rows?.length ?? 0) })} />
    </Paper>
  );
}
