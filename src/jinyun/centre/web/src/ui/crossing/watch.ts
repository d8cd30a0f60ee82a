/** One crossing's sign as the centre tells it; a sign that is not told for a second is a fault, whatever it showed before. */

import { useEffect, useState } from "preact/hooks";
import { address } from "../../live/zone.ts";

export type Shows = "fault" | "dark" | "people" | "car";

export interface Sign {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  readonly shows: Shows;
  readonly reason: string;
  readonly waiting: number;
  readonly crossing: number;
  readonly car_s: number | null;
  readonly light: "green" | "red" | "yellow" | "dark" | null;
  readonly light_s: number | null;
  readonly simulated?: boolean;
}

const SILENT_MS = 800;
const LOOK_MS = 100;
const RETRY_MS = 500;

/** The newest sign, null before the first; `unknown` where the centre knows no such crossing. */
export function useSign(id: string): { readonly sign: Sign | null; readonly unknown: boolean } {
  const [sign, setSign] = useState<Sign | null>(null);
  const [unknown, setUnknown] = useState(false);
  useEffect(() => {
    let here = true;
    let socket: WebSocket | null = null;
    let heard = performance.now();
    const open = (): void => {
      const at = address(`api/v1/crossings/${encodeURIComponent(id)}/live`);
      at.protocol = at.protocol === "https:" ? "wss:" : "ws:";
      socket = new WebSocket(at);
      socket.onmessage = (event: MessageEvent<string>) => {
        heard = performance.now();
        setSign(JSON.parse(event.data) as Sign);
      };
      socket.onclose = (event) => {
        if (event.code === 1008) setUnknown(true);
        else if (here) window.setTimeout(() => here && open(), RETRY_MS);
      };
    };
    open();
    const watching = window.setInterval(() => {
      if (performance.now() - heard <= SILENT_MS) return;
      setSign((before) =>
        before !== null && before.shows === "fault" && before.reason === "page"
          ? before
          : {
              ...(before ?? { id, zh: "", en: "", light: null }),
              shows: "fault", reason: "page", waiting: 0, crossing: 0, car_s: null, light: null, light_s: null,
            },
      );
    }, LOOK_MS);
    return () => {
      here = false;
      window.clearInterval(watching);
      socket?.close();
    };
  }, [id]);
  return { sign, unknown };
}
