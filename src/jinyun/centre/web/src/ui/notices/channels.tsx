/** Where notices go: a webhook, a mail server, a topic of the zone's broker; tried before somebody relies on it. */

import { useState } from "preact/hooks";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/noticing.ts";
import { ask, reasonOf } from "../desk/ask.ts";
import { Mark } from "../desk/figures.tsx";
import { Choice } from "../desk/filters.tsx";
import { Table } from "../desk/table.tsx";

const KINDS = ["webhook", "smtp", "mqtt"] as const;
type Kind = (typeof KINDS)[number];
type Settings = Readonly<Record<string, string | number | readonly string[]>>;

export interface Channel {
  readonly id: string;
  readonly kind: Kind;
  readonly settings: Settings;
  readonly enabled: boolean;
}

interface Field {
  readonly name: string;
  readonly type: "text" | "url" | "email" | "number" | "password";
  readonly required?: boolean;
}

/** What each kind of channel asks; a secret that is not written again stays what it was. */
const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  webhook: [{ name: "url", type: "url", required: true }, { name: "secret", type: "password" }],
  smtp: [
    { name: "host", type: "text", required: true }, { name: "port", type: "number", required: true }, { name: "from", type: "email", required: true },
    { name: "to", type: "text", required: true }, { name: "user", type: "text" }, { name: "password", type: "password" },
  ],
  mqtt: [{ name: "topic", type: "text", required: true }],
};
const TLS = ["starttls", "tls", "none"] as const;
const FRESH: Channel = { id: "", kind: "webhook", settings: {}, enabled: true };

interface Props {
  readonly channels: readonly Channel[] | null;
  readonly dropped: number;
  readonly may: boolean;
  readonly again: () => void;
}

const addressOf = ({ kind, settings }: Channel): string =>
  kind === "webhook" ? String(settings["url"]) : kind === "mqtt" ? String(settings["topic"]) : `${textOf(settings["to"])} (${settings["host"]}:${settings["port"]})`;

const textOf = (value: Settings[string] | undefined): string => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));

export function Channels({ channels, dropped, may, again }: Props) {
  const { t } = useWords(WORDS);
  const [draft, setDraft] = useState<Channel | null>(null);
  const [said, setSaid] = useState<readonly [good: boolean, text: string] | null>(null);
  const send = (path: string, method: string, wish: object | undefined, done: string): void => {
    setSaid(null);
    ask(`api/v1/channels/${path}`, method, wish).then(
      () => { setSaid(done === "" ? null : [true, done]); if (method !== "POST") setDraft(null); again(); },
      (error: unknown) => setSaid([false, reasonOf(error)]),
    );
  };
  const path = (id: string): string => encodeURIComponent(id);
  const keep = (event: SubmitEvent): void => {
    event.preventDefault();
    if (draft === null) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    const given = FIELDS[draft.kind].map(({ name, type }) => {
      if (type === "number") return [name, Number(text(name))];
      if (name === "to") return [name, text(name).split(/[,\s;，；]+/).filter((each) => each !== "")];
      return [name, type === "password" && text(name) === "" && draft.settings[name] === "***" ? "***" : text(name)];
    });
    const settings = Object.fromEntries(draft.kind === "smtp" ? [...given, ["tls", text("tls")]] : given) as Settings;
    send(path(text("id")), "PUT", { kind: draft.kind, settings, enabled: draft.enabled }, "");
  };
  return (
    <section aria-label={t("channels")}>
      <h3>{t("channels")}<small>{t("channels.why")}</small></h3>
      {dropped > 0 && <p class="desk-error">{t("dropped", { n: dropped })}</p>}
      <Table
        label={t("channels")}
        testid="channel"
        rows={channels}
        none={t("channels.none")}
        id={(row) => row.id}
        mark={(row) => (row.enabled ? "on" : "off")}
        columns={[
          { head: t("id"), cell: (row) => <b>{row.id}</b> },
          { head: t("kind"), cell: (row) => t(`kind.${row.kind}`) },
          { head: t("where"), wide: true, cell: (row) => <code>{addressOf(row)}</code> },
          { head: t("state"), cell: (row) => <Mark of={row.enabled ? "counts" : "unknown"}>{t(row.enabled ? "on" : "off")}</Mark> },
          ...(may ? [{
            head: t("deeds"),
            cell: (row: Channel) => (
              <span class="desk-beside">
                <button type="button" class="desk-button" data-testid="channel-try" onClick={() => send(`${path(row.id)}/trial`, "POST", undefined, t("tried", { id: row.id }))}>{t("try")}</button>
                <button type="button" class="desk-button" data-testid="channel-change" onClick={() => setDraft(row)}>{t("change")}</button>
                <button type="button" class="desk-button" onClick={() => send(path(row.id), "PUT", { kind: row.kind, settings: row.settings, enabled: !row.enabled }, "")}>{t(row.enabled ? "switch.off" : "switch.on")}</button>
                <button type="button" class="desk-button" data-testid="channel-delete" onClick={() => send(path(row.id), "DELETE", undefined, "")}>{t("delete")}</button>
              </span>
            ),
          }] : []),
        ]}
      />
      {said !== null && <p class={said[0] ? "desk-lead" : "desk-error"} role={said[0] ? "status" : "alert"} data-testid="channel-said">{said[1]}</p>}
      {may && draft === null && <p class="desk-more"><button type="button" class="desk-button" data-testid="channel-new" onClick={() => setDraft(FRESH)}>{t("channel.new")}</button></p>}
      {may && draft !== null && (
        <form key={`${draft.id} ${draft.kind}`} class="desk-form wide boxed" data-testid="channel-form" onSubmit={keep}>
          <label class="desk-field"><span class="desk-soft">{t("id.form")}</span><input type="text" name="id" required maxLength={64} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" autocomplete="off" data-testid="channel-id" defaultValue={draft.id} /></label>
          <Choice label={t("kind")} testid="channel-kind" value={draft.kind} options={KINDS.map((each) => [each, t(`kind.${each}`)] as const)} change={(each) => setDraft({ ...draft, kind: each as Kind, settings: {} })} />
          {FIELDS[draft.kind].map(({ name, type, required }) => (
            <label class="desk-field" key={name}>
              <span class="desk-soft">{t(`field.${name}` as keyof typeof WORDS)}</span>
              <input
                type={type as "text"}
                name={name}
                required={required === true}
                autocomplete={type === "password" ? "new-password" : "off"}
                data-testid={`channel-${name}`}
                {...(type === "number" ? { min: 1, max: 65_535 } : { maxLength: 500 })}
                placeholder={draft.settings[name] === "***" ? t("secret.kept") : ""}
                defaultValue={type === "password" ? "" : textOf(draft.settings[name]) || (name === "port" ? "587" : "")}
              />
            </label>
          ))}
          {draft.kind === "smtp" && (
            <label class="desk-choice">
              <span class="desk-soft">{t("field.tls")}</span>
              <select name="tls" defaultValue={String(draft.settings["tls"] ?? "starttls")}>
                {TLS.map((each) => <option key={each} value={each}>{t(`tls.${each}`)}</option>)}
              </select>
            </label>
          )}
          <p class="desk-beside">
            <button type="submit" class="desk-button main" data-testid="channel-keep">{t("keep")}</button>
            <button type="button" class="desk-button" onClick={() => setDraft(null)}>{t("leave")}</button>
          </p>
        </form>
      )}
    </section>
  );
}
