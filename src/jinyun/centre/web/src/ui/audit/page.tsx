/** The audit log (审计日志): who did what, searched and paged, and whether it is what was written. */

import { useState } from "preact/hooks";
import { WORDS } from "../../i18n/audit.ts";
import { WORDS as DESK } from "../../i18n/desk.ts";
import { date, number, timeOfDay } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { ask, useAsked } from "../desk/ask.ts";
import { Choice, Search } from "../desk/filters.tsx";
import { Mark } from "../desk/figures.tsx";
import { Paper, roleWord } from "../desk/paper.tsx";
import { useWishes, withWishes } from "../desk/query.ts";
import { Pager, Table } from "../desk/table.tsx";
import type { PageProps } from "../pages.ts";

interface Entry {
  readonly number: number;
  readonly t_us: number;
  readonly account: string;
  readonly role: string;
  readonly company: string | null;
  readonly via: string;
  readonly act: string;
  readonly route: string;
  readonly subject: string;
  readonly outcome: number;
  readonly address: string;
}

interface Verified {
  readonly entries: number;
  readonly ok: boolean;
  readonly faults: readonly { readonly number: number; readonly what: string }[];
  readonly head: { readonly number: number; readonly chain: string };
}

const ACTS = ["sign-in", "sign-out", "read", "command", "refused"] as const;

export default function AuditLog({ picture }: PageProps) {
  const { t, lang } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [wishes, change] = useWishes("q", "act", "account", "cursor");
  const { data, refusal } = useAsked<{ readonly entries: readonly Entry[]; readonly next: string | null }>(withWishes("api/v1/audit", { ...wishes, limit: "50" }));
  const [verified, setVerified] = useState<Verified | null>(null);
  const act = (each: string): string => {
    const known = ACTS.find((one) => one === each);
    return known === undefined ? each : t(`act.${known}`);
  };
  return (
    <Paper
      picture={picture}
      name="audit"
      title={t("title")}
      lead={t("lead")}
      refusal={refusal}
      beside={
        refusal === null && (
          <button type="button" class="desk-button main" data-testid="verify" onClick={() => void ask<Verified>("api/v1/audit/verification").then(setVerified, () => undefined)}>
            {t("verify")}
          </button>
        )
      }
    >
      {verified !== null && (
        <div class="desk-refused" role="status" data-testid="verified" data-ok={verified.ok}>
          <p><Mark of={verified.ok ? "ok" : "fault"}>{verified.ok ? "✓" : "✗"}</Mark> {verified.ok ? t("verified", { n: number(lang, verified.entries) }) : t("broken", { n: verified.faults[0]?.number ?? 0, what: verified.faults[0]?.what ?? "" })}</p>
          <p class="desk-soft">{t("head")}</p>
          <code class="desk-secret">{verified.head.number}:{verified.head.chain}</code>
        </div>
      )}
      <div class="desk-filters">
        <Search value={wishes["q"]!} change={(q) => change({ q })} label={d("search")} />
        <Choice label={t("act")} testid="act" value={wishes["act"]!} options={[["", d("all")], ...ACTS.map((each) => [each, t(`act.${each}`)] as const)]} change={(value) => change({ act: value })} />
      </div>
      <Table
        label={t("title")}
        testid="entry"
        rows={data?.entries ?? null}
        id={(row) => String(row.number)}
        columns={[
          { head: t("number"), figure: true, wide: true, cell: (row) => number(lang, row.number) },
          { head: t("time"), cell: (row) => <span class="desk-name"><b>{timeOfDay(lang, row.t_us / 1000)}</b><small>{date(lang, row.t_us / 1000)}</small></span> },
          { head: t("who"), cell: (row) => <span class="desk-name"><b>{row.account || t("nobody")}</b><small>{roleWord(d, row.role)}{row.company === null ? "" : ` · ${row.company}`}</small></span> },
          { head: t("act"), cell: (row) => <Mark of={row.act === "refused" || row.outcome >= 400 ? "refused" : row.act === "command" ? "warning" : "info"}>{act(row.act)}</Mark> },
          { head: t("what"), cell: (row) => <span class="desk-name"><code>{row.route}</code>{row.subject !== "" && !row.route.endsWith(row.subject) && <small>{row.subject}</small>}</span> },
          { head: t("outcome"), wide: true, cell: (row) => (row.outcome < 400 ? t("done") : <span class="desk-error">{t("failed", { n: row.outcome })}</span>) },
          { head: t("via"), wide: true, cell: (row) => (row.via === "session" ? t("via.session") : row.via) },
          { head: t("from"), wide: true, cell: (row) => <code>{row.address}</code> },
        ]}
      />
      <Pager cursor={wishes["cursor"]!} next={data?.next ?? null} go={(cursor) => change({ cursor })} />
    </Paper>
  );
}
