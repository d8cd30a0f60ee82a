/** Says that what the page tells comes from a simulated street, where that is so; a replay of a real one changes nothing. */

import { useSpeech } from "../../i18n/language.ts";
import type { Picture } from "../../live/picture.ts";
import { useStore } from "../../live/store.ts";
import { useSimulated } from "../header.tsx";

export function Simulated({ picture }: { readonly picture: Picture }) {
  const { t } = useSpeech();
  const zone = useStore(picture.zone);
  const now = useSimulated(picture);
  if (!(now || zone?.simulated === true)) return null;
  return <p class="simulated-note" data-testid="applications-simulated">{t("applications.simulated")}</p>;
}
