/** A page of the desk: its head, what it is for, and its content — or why this viewer does not see it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/desk.ts";
import type { Picture } from "../../live/picture.ts";
import { useStore } from "../../live/store.ts";
import type { Bilingual } from "../../wire/frame.ts";
import { Banner } from "../banner.tsx";
import { useSimulated } from "../header.tsx";
import { Link } from "../link.tsx";
import { useViewer, type Refusal } from "./ask.ts";
import "../styles/desk.css";

interface Props {
  readonly picture: Picture;
  readonly name: string;
  readonly title: Bilingual | string;
  readonly lead?: string;
  readonly refusal?: Refusal | null;
  /** beside the head: a button, a link, a count */
  readonly beside?: ComponentChildren;
  readonly children: ComponentChildren;
  /** begin at the head again when it changes */
  readonly item?: string;
}

export function Paper({ picture, name, title, lead, refusal, beside, children, item = "" }: Props) {
  const { name: say } = useWords(WORDS);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    main.current?.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [name, item]);
  return (
    <>
      <main class="applications desk scroll" ref={main} tabIndex={-1} data-testid={`page-${name}`}>
        <div class="sheet-of-paper">
          <header class="applications-head">
            <h2>{typeof title === "string" ? title : say(title)}</h2>
            {beside !== undefined && <div class="desk-beside">{beside}</div>}
          </header>
          {lead !== undefined && <p class="desk-lead">{lead}</p>}
          <Simulated picture={picture} />
          {refusal !== undefined && refusal !== null ? <Refused refusal={refusal} /> : children}
        </div>
      </main>
      <Banner picture={picture} />
    </>
  );
}

function Simulated({ picture }: { readonly picture: Picture }) {
  const { t } = useWords(WORDS);
  const zone = useStore(picture.zone);
  const now = useSimulated(picture);
  if (!(now || zone?.simulated === true)) return null;
  return <p class="simulated-note" data-testid="desk-simulated">{t("simulated")}</p>;
}

export function Refused({ refusal }: { readonly refusal: Refusal }) {
  const { t } = useWords(WORDS);
  const who = useViewer();
  const text = refusal.status === 401 ? t("refused.signin") : refusal.status === 403 ? t("refused.role") : refusal.status === 404 ? t("refused.missing") : t("refused.other");
  return (
    <div class="desk-refused" role="status" data-testid="refused" data-status={refusal.status}>
      <p>{text}</p>
      {refusal.status === 403 && who?.account != null && <p class="desk-soft">{t("refused.as", { account: who.account, role: roleWord(t, who.role) })}</p>}
      {refusal.status !== 401 && refusal.status !== 403 && <p class="desk-soft">{refusal.reason}</p>}
      {(refusal.status === 401 || refusal.status === 403) && (
        <Link to={{ page: "other", name: "signin", item: "" }} class="desk-button main" testid="to-signin">{t("signin")}</Link>
      )}
    </div>
  );
}

const ROLES = ["public", "company", "tester", "operator", "regulator", "admin"] as const;

export function roleWord(t: (word: keyof typeof WORDS) => string, role: string): string {
  const known = ROLES.find((each) => each === role);
  return known === undefined ? role : t(`role.${known}`);
}
