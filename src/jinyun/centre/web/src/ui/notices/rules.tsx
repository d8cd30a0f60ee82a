/** Which happenings become notices: a rule's name with *, from which severity on, the channels, and to whom it rises when. */

import { useState } from "preact/hooks";
import { WORDS as DESK } from "../../i18n/desk.ts";
import { number } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/noticing.ts";
import type { Bilingual } from "../../wire/frame.ts";
import { ask, reasonOf } from "../desk/ask.ts";
import { Mark } from "../desk/figures.tsx";
import { Choice } from "../desk/filters.tsx";
import { Table } from "../desk/table.tsx";

const SOURCES = ["finding", "event", "duty"] as const;
const SEVERITIES = ["info", "warning", "fault"] as const;
type Source = (typeof SOURCES)[number];

export interface Rule {
  readonly id: string;
  readonly source: Source;
  readonly rule: string;
  readonly severity: (typeof SEVERITIES)[number];
  readonly channels: readonly string[];
  readonly escalate_to: readonly string[];
  readonly escalate_after_s: number;
  readonly enabled: boolean;
}

/** What may happen, by its source: the name in a rule, and what it is called. */
export type Names = Readonly<Record<Source, readonly ({ readonly id: string } & Bilingual)[]>>;

interface Props {
  readonly rules: readonly Rule[] | null;
  readonly names: Names | null;
  readonly channels: readonly string[];
  readonly may: boolean;
  readonly again: () => void;
}

const FRESH: Rule = {
  id: "", source: "finding", rule: "*", severity: "fault", channels: [], escalate_to: [], escalate_after_s: 900, enabled: true,
};

export function Rules({ rules, names, channels, may, again }: Props) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const [draft, setDraft] = useState<Rule | null>(null);
  const [reason, setReason] = useState("");
  const send = (id: string, method: string, wish?: object): void => {
    setReason("");
    ask(`api/v1/notice-rules/${encodeURIComponent(id)}`, method, wish).then(
      () => { setDraft(null); again(); },
      (error: unknown) => setReason(reasonOf(error)),
    );
  };
  const keep = ({ id, ...wish }: Rule): void => send(id, "PUT", wish);
  const said = (row: Rule): string => {
    if (row.rule === "*") return t("rule.all");
    const found = names?.[row.source].find((each) => each.id === row.rule);
    return found === undefined ? row.rule : name(found);
  };
  const minutes = (row: Rule): string => t("minutes", { n: number(lang, row.escalate_after_s / 60, row.escalate_after_s % 60 === 0 ? 0 : 1) });
  return (
    <section aria-label={t("rules")}>
      <h3>{t("rules")}<small>{t("rules.why")}</small></h3>
      <Table
        label={t("rules")}
        testid="notice-rule"
        rows={rules}
        none={t("rules.none")}
        id={(row) => row.id}
        mark={(row) => (row.enabled ? "on" : "off")}
        columns={[
          { head: t("id"), cell: (row) => <b>{row.id}</b> },
          { head: t("source"), cell: (row) => <span class="desk-name"><span>{t(`source.${row.source}`)}</span><small>{said(row)}</small></span> },
          { head: t("from"), cell: (row) => <Mark of={row.severity}>{d(`severity.${row.severity}`)}</Mark> },
          { head: t("channels"), cell: (row) => (row.channels.length === 0 ? <span class="desk-soft">{t("page.only")}</span> : row.channels.join(" · ")) },
          { head: t("rises"), wide: true, cell: (row) => (row.escalate_to.length === 0 ? <span class="desk-soft">{t("rises.not")}</span> : <span class="desk-name"><span>{row.escalate_to.join(" · ")}</span><small>{minutes(row)}</small></span>) },
          { head: t("state"), cell: (row) => <Mark of={row.enabled ? "counts" : "unknown"}>{t(row.enabled ? "on" : "off")}</Mark> },
          ...(may ? [{
            head: t("deeds"),
            cell: (row: Rule) => (
              <span class="desk-beside">
                <button type="button" class="desk-button" data-testid="rule-change" onClick={() => setDraft(row)}>{t("change")}</button>
                <button type="button" class="desk-button" data-testid="rule-switch" onClick={() => keep({ ...row, enabled: !row.enabled })}>{t(row.enabled ? "switch.off" : "switch.on")}</button>
                <button type="button" class="desk-button" data-testid="rule-delete" onClick={() => send(row.id, "DELETE")}>{t("delete")}</button>
              </span>
            ),
          }] : []),
        ]}
      />
      {reason !== "" && <p class="desk-error" role="alert" data-testid="rule-reason">{reason}</p>}
      {may && draft === null && <p class="desk-more"><button type="button" class="desk-button" data-testid="rule-new" onClick={() => setDraft(FRESH)}>{t("rule.new")}</button></p>}
      {may && draft !== null && (
        <form class="desk-form wide boxed" data-testid="rule-form" onSubmit={(event) => { event.preventDefault(); keep(draft); }}>
          <label class="desk-field"><span class="desk-soft">{t("id.form")}</span><input type="text" required maxLength={64} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" autocomplete="off" data-testid="rule-id" value={draft.id} onInput={(event) => setDraft({ ...draft, id: event.currentTarget.value })} /></label>
          <Choice label={t("source")} testid="rule-source" value={draft.source} options={SOURCES.map((each) => [each, t(`source.${each}`)] as const)} change={(each) => setDraft({ ...draft, source: each as Source, rule: "*" })} />
          <label class="desk-field">
            <span class="desk-soft">{t("rule")}</span>
            <input type="text" required maxLength={64} list="notice-names" autocomplete="off" data-testid="rule-rule" value={draft.rule} onInput={(event) => setDraft({ ...draft, rule: event.currentTarget.value })} />
            <datalist id="notice-names">
              {(names?.[draft.source] ?? []).map((each) => <option key={each.id} value={each.id}>{name(each)}</option>)}
            </datalist>
          </label>
          <Choice label={t("from")} testid="rule-severity" value={draft.severity} options={SEVERITIES.map((each) => [each, d(`severity.${each}`)] as const)} change={(each) => setDraft({ ...draft, severity: each as Rule["severity"] })} />
          <Several legend={t("channels")} testid="rule-channels" all={channels} chosen={draft.channels} none={t("channels.none")} change={(chosen) => setDraft({ ...draft, channels: chosen })} />
          <Several legend={t("rises")} testid="rule-rises" all={channels} chosen={draft.escalate_to} none={t("channels.none")} change={(chosen) => setDraft({ ...draft, escalate_to: chosen })} />
          <label class="desk-field"><span class="desk-soft">{t("rises.after")}</span><input type="number" required min={1} max={10_080} data-testid="rule-after" value={draft.escalate_after_s / 60} onInput={(event) => setDraft({ ...draft, escalate_after_s: Math.round(60 * event.currentTarget.valueAsNumber) || 60 })} /></label>
          <p class="desk-beside">
            <button type="submit" class="desk-button main" data-testid="rule-keep">{t("keep")}</button>
            <button type="button" class="desk-button" onClick={() => setDraft(null)}>{t("leave")}</button>
          </p>
        </form>
      )}
    </section>
  );
}

interface SeveralProps {
  readonly legend: string;
  readonly all: readonly string[];
  readonly chosen: readonly string[];
  readonly none: string;
  readonly testid: string;
  readonly change: (chosen: readonly string[]) => void;
}

/** Some of a few names; one that is chosen and is there no more can still be taken away. */
function Several({ legend, all, chosen, none, testid, change }: SeveralProps) {
  const names = [...new Set([...all, ...chosen])];
  return (
    <fieldset class="desk-several" data-testid={testid}>
      <legend class="desk-soft">{legend}</legend>
      {names.length === 0 && <span class="desk-soft">{none}</span>}
      {names.map((each) => (
        <label key={each}>
          <input type="checkbox" checked={chosen.includes(each)} onChange={(event) => change(event.currentTarget.checked ? [...chosen, each] : chosen.filter((other) => other !== each))} />
          {each}
        </label>
      ))}
    </fieldset>
  );
}
