/** Signing in (登录); who has signed in finds the account, the second factor and keys here. */

import { useState } from "preact/hooks";
import { WORDS as DESK } from "../../i18n/desk.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/signin.ts";
import { ask, Refusal, renewViewer, useViewer, viewer, type Viewer } from "../desk/ask.ts";
import { Paper, roleWord } from "../desk/paper.tsx";
import type { PageProps } from "../pages.ts";
import { address } from "../../live/zone.ts";
import { Accounts } from "./accounts.tsx";
import { Keys } from "./keys.tsx";

type Words = (word: keyof typeof WORDS, values?: Readonly<Record<string, string | number>>) => string;

export default function SignIn({ picture }: PageProps) {
  const { t } = useWords(WORDS);
  const who = useViewer();
  const inside = who !== null && who.account !== null;
  return (
    <Paper picture={picture} name="signin" title={t(inside ? "title.in" : "title")} lead={t("lead")}>
      {who !== null && (inside ? <Own who={who} t={t} /> : <Form t={t} />)}
    </Paper>
  );
}

function reasonOf(error: unknown, t: Words): string {
  if (!(error instanceof Refusal)) return t("away");
  if (error.told["wait_s"] !== undefined) return t("wait", { s: Number(error.told["wait_s"]) });
  if (error.told["code_wanted"] === true) return t("code.wanted");
  return error.status === 401 ? t("wrong") : error.reason;
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly type?: "text" | "password";
  readonly complete: string;
  readonly focus?: boolean;
}

function Field({ label, name, type = "text", complete, focus = false }: FieldProps) {
  const common = { name, autocomplete: complete, required: true, autoFocus: focus, maxLength: 256, "data-testid": `field-${name}` } as const;
  return (
    <label class="desk-field">
      <span class="desk-soft">{label}</span>
      {type === "password" ? <input type="password" {...common} /> : <input type="text" {...common} />}
    </label>
  );
}

const valueOf = (form: HTMLFormElement, name: string): string => String(new FormData(form).get(name) ?? "");

function Form({ t }: { readonly t: Words }) {
  const who = useViewer();
  const back = new URLSearchParams(window.location.search).has("refused");
  const [reason, setReason] = useState(back ? t("outside.refused") : "");
  const [code, setCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    setReason("");
    try {
      const wish = { name: valueOf(form, "name"), password: valueOf(form, "password"), code: code ? valueOf(form, "code") : "" };
      viewer.set(await ask<Viewer>("api/v1/session", "POST", wish));
      // Where signing in was asked for from a page, that page is what is wanted.
      if (window.history.length > 1 && document.referrer === "" && window.history.state === null) window.history.back();
    } catch (error) {
      if (error instanceof Refusal && error.told["code_wanted"] === true) setCode(true);
      setReason(reasonOf(error, t));
    }
    setBusy(false);
  };
  return (
    <form class="desk-form boxed" data-testid="signin-form" onSubmit={(event) => void submit(event)}>
      <Field label={t("name")} name="name" complete="username" focus />
      <Field label={t("password")} name="password" type="password" complete="current-password" />
      {code && <Field label={t("code")} name="code" complete="one-time-code" focus />}
      {reason !== "" && <p class="desk-error" role="alert" data-testid="signin-reason">{reason}</p>}
      <button type="submit" class="desk-button main" disabled={busy} data-testid="signin-go">{t("go")}</button>
      {who?.outside != null && <a class="desk-button" data-testid="signin-outside" href={address("api/v1/session/outside").href}>{t("outside", { name: who.outside })}</a>}
    </form>
  );
}

function Own({ who, t }: { readonly who: Viewer; readonly t: Words }) {
  const { t: d } = useWords(DESK);
  const [secret, setSecret] = useState("");
  const [said, setSaid] = useState("");
  const tell = async (deed: () => Promise<unknown>, done: string): Promise<boolean> => {
    try {
      await deed();
      setSaid(done);
      return true;
    } catch (error) {
      setSaid(reasonOf(error, t));
      return false;
    }
  };
  const form = (deed: (form: HTMLFormElement) => Promise<unknown>, done: string) => (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    void tell(() => deed(element), done).then((good) => good && element.reset());
  };
  return (
    <>
      <dl class="desk-facts">
        <div><dt>{t("name")}</dt><dd data-testid="own-name">{who.account}</dd></div>
        <div><dt>{t("role")}</dt><dd>{roleWord(d, who.role)}</dd></div>
        {who.company !== null && <div><dt>{t("company")}</dt><dd>{who.company}</dd></div>}
      </dl>
      <p style={{ marginTop: "1rem" }}>
        <button type="button" class="desk-button" data-testid="signout" onClick={() => void ask("api/v1/session", "DELETE").then(renewViewer, renewViewer)}>{t("out")}</button>
      </p>
      {said !== "" && <p role="status" data-testid="said" class="desk-lead">{said}</p>}
      <div class="desk-columns">
        <section aria-label={t("change")}>
          <h3>{t("change")}</h3>
          <form class="desk-form" onSubmit={form((element) => ask("api/v1/session/password", "PUT", { old: valueOf(element, "old"), new: valueOf(element, "new") }), t("changed"))}>
            <input type="text" name="username" autocomplete="username" value={who.account ?? ""} hidden readOnly />
            <Field label={t("old")} name="old" type="password" complete="current-password" />
            <Field label={t("new")} name="new" type="password" complete="new-password" />
            <button type="submit" class="desk-button">{t("change")}</button>
          </form>
        </section>
        <section aria-label={t("factor")}>
          <h3>{t("factor")}</h3>
          {secret === "" ? (
            <button type="button" class="desk-button" data-testid="factor" onClick={() => void ask<{ readonly secret: string }>("api/v1/session/code", "POST").then((told) => setSecret(told.secret), () => undefined)}>
              {t("factor.add")}
            </button>
          ) : (
            <form class="desk-form" onSubmit={form((element) => ask("api/v1/session/code", "PUT", { code: valueOf(element, "code") }).then(() => setSecret("")), t("factor.on"))}>
              <p class="desk-soft">{t("factor.secret")}</p>
              <code class="desk-secret" data-testid="factor-secret">{secret}</code>
              <Field label={t("code")} name="code" complete="one-time-code" />
              <button type="submit" class="desk-button main">{t("confirm")}</button>
            </form>
          )}
        </section>
      </div>
      <Keys />
      {who.role === "admin" && <Accounts self={who.account ?? ""} />}
    </>
  );
}
