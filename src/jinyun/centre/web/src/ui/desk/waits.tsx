/** What stands where an answer is still being counted. */

import { WORDS } from "../../i18n/desk.ts";
import { useWords } from "../../i18n/language.ts";

export function Waits() {
  const { t } = useWords(WORDS);
  return <p class="empty" role="status" data-testid="loading">{t("loading")}</p>;
}
