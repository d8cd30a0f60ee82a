/**
 * The live channel: one WebSocket that comes back by itself.
 *
 * It reconnects with growing pauses (0.5 s to 4 s, with jitter; at once when the browser says that the network is back)
 * and gives up a connection that says nothing for a while, for a half-open one never closes.
 */

export interface Listener {
  /** `say` sends a text on this connection */
  opened(say: (text: string) => void): void;
  binary(data: ArrayBuffer): void;
  text(data: string): void;
  /** `retry_ms`: the pause before the next attempt */
  closed(retry_ms: number): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4000;
const SILENCE_MS = 6000;

/** Connect to `address` for good; returns the way to stop. */
export function connect(address: string, listener: Listener): () => void {
  let socket: WebSocket | null = null;
  let timer = 0;
  let attempts = 0;
  let heard_ms = 0;
  let stopped = false;

  const open = (): void => {
    window.clearTimeout(timer);
    heard_ms = performance.now();
    const ws = new WebSocket(address);
    socket = ws;
    ws.binaryType = "arraybuffer";
    ws.onopen = () => {
      if (socket !== ws) return;
      listener.opened((text) => {
        if (ws.readyState === WebSocket.OPEN) ws.send(text);
      });
    };
    ws.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
      if (socket !== ws) return;
      heard_ms = performance.now();
      attempts = 0;
      if (typeof event.data === "string") listener.text(event.data);
      else listener.binary(event.data);
    };
    ws.onclose = () => {
      if (socket === ws) lost();
    };
  };

  const lost = (): void => {
    const ws = socket;
    socket = null;
    ws?.close();
    if (stopped) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts) * (0.75 + Math.random() / 2);
    attempts += 1;
    listener.closed(pause);
    timer = window.setTimeout(open, pause);
  };

  const watch = window.setInterval(() => {
    if (socket !== null && performance.now() - heard_ms > SILENCE_MS) lost();
  }, 1000);
  const online = (): void => {
    if (socket === null) open();
  };
  window.addEventListener("online", online);
  open();

  return () => {
    stopped = true;
    window.clearTimeout(timer);
    window.clearInterval(watch);
    window.removeEventListener("online", online);
    socket?.close();
  };
}
