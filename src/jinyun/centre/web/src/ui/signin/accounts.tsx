/** All accounts, for the admin: made, stopped, given a new password that is shown once. */

import { useState } from "preact/hooks";
import { WORDS as DESK } from "../../i18n/desk.ts";
import { date, timeOfDay, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/signin.ts";
import { ask, reasonOf, useAsked } from "../desk/ask.ts";
import { Mark } from "../desk/figures.tsx";
import { roleWord } from "../desk/paper.tsx";
import { Table } from "../desk/table.tsx";

interface Account {
  readonly name: string;
  readonly role: string;
  readonly company: string | null;
  readonly disabled: boolean;
  readonly code: boolean;
  readonly signed_in_us: number | null;
}

const ROLES = ["company", "tester", "operator", "regulator", "admin"] as const;

export function Accounts({ self }: { readonly self: string }) {
  const { t, lang } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const { data, again } = useAsked<{ readonly accounts: readonly Account[] }>("api/v1/accounts");
  const [role, setRole] = useState<string>("operator");
  const [once, setOnce] = useState<readonly [name: string, password: string] | null>(null);
  const [reason, setReason] = useState("");
  const change = async (path: string, method: string, wish: object): Promise<void> => {
    setReason("");
    try {
      const told = await ask<{ readonly name: string; readonly password?: string }>(path, method, wish);
      setOnce(told.password === undefined ? null : [told.name, told.password]);
    } catch (error) {
      setReason(reasonOf(error));
    }
    again();
  };
  const make = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const company = role === "company" ? String(form.get("company") ?? "") : null;
    void change("api/v1/accounts", "POST", { name: String(form.get("name") ?? ""), role, company });
  };
  const one = (name: string): string => `api/v1/accounts/${encodeURIComponent(name)}`;
  return (
    <section aria-label={t("accounts")}>
      <h3>{t("accounts")}<small>{t("accounts.why")}</small></h3>
      <form class="desk-filters" data-testid="account-form" onSubmit={make}>
        <label class="desk-field"><span class="desk-soft">{t("name")}</span><input type="text" name="name" required maxLength={64} autocomplete="off" data-testid="account-name" /></label>
        <label class="desk-choice">
          <span class="desk-soft">{t("role")}</span>
          <select data-testid="account-role" value={role} onChange={(event) => setRole(event.currentTarget.value)}>
            {ROLES.map((each) => <option key={each} value={each}>{roleWord(d, each)}</option>)}
          </select>
        </label>
        {role === "company" && <label class="desk-field"><span class="desk-soft">{t("company")}</span><input type="text" name="company" required maxLength={64} autocomplete="off" data-testid="account-company" /></label>}
        <button type="submit" class="desk-button main" data-testid="account-make">{t("account.make")}</button>
      </form>
      {reason !== "" && <p class="desk-error" role="alert" data-testid="account-reason">{reason}</p>}
      {once !== null && (
        <div class="desk-refused" role="status">
          <p>{t("password.once", { name: once[0] })}</p>
          <code class="desk-secret" data-testid="password-once">{once[1]}</code>
        </div>
      )}
      <Table
        label={t("accounts")}
        testid="account"
        rows={data?.accounts ?? null}
        id={(row) => row.name}
        mark={(row) => (row.disabled ? "stopped" : "counts")}
        columns={[
          { head: t("name"), cell: (row) => <b>{row.name}</b> },
          { head: t("role"), cell: (row) => <span class="desk-name"><span>{roleWord(d, row.role)}</span>{row.company !== null && <small>{row.company}</small>}</span> },
          { head: t("factor"), wide: true, cell: (row) => <Mark of={row.code ? "ok" : "unknown"}>{t(row.code ? "factor.has" : "factor.none")}</Mark> },
          { head: t("signed.in"), wide: true, cell: (row) => (row.signed_in_us === null ? UNKNOWN : `${date(lang, row.signed_in_us / 1000)} ${timeOfDay(lang, row.signed_in_us / 1000)}`) },
          { head: t("key.state"), cell: (row) => <Mark of={row.disabled ? "unknown" : "counts"}>{t(row.disabled ? "account.stopped" : "key.counts")}</Mark> },
          {
            head: t("account.deeds"),
            cell: (row) => row.name !== self && (
              <span class="desk-beside">
                <button type="button" class="desk-button" onClick={() => void change(one(row.name), "PATCH", { disabled: !row.disabled })}>{t(row.disabled ? "account.start" : "account.stop")}</button>
                <button type="button" class="desk-button" onClick={() => void change(one(row.name), "PATCH", { reset: true })}>{t("account.reset")}</button>
              </span>
            ),
          },
        ]}
      />
    </section>
  );
}
