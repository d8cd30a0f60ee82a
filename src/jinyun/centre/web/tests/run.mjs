// Runs the tests of the pages' plain modules with Node's own runner; Vite, which is here anyway, reads the TypeScript.
import { createServer } from "vite";
import { readdir } from "node:fs/promises";

const server = await createServer({ server: { middlewareMode: true, hmr: false, ws: false }, appType: "custom", logLevel: "error" });
const folder = new URL(".", import.meta.url);
for (const name of (await readdir(folder)).filter((file) => file.endsWith(".test.mjs")).sort()) {
  await server.ssrLoadModule(new URL(name, folder).pathname);
}
await server.close();
